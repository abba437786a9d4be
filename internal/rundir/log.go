package rundir

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// Line is a line of events.jsonl: an event in its envelope. What two runs of
// the same configuration compute is in the event; what differs between them is
// in the envelope.
type Line struct {
	Time    time.Time       `json:"time"`             // when it was appended
	Seconds float64         `json:"seconds"`          // what the event took, measured
	Waited  float64         `json:"waited,omitempty"` // seconds of these, for samples to be read
	Sum     string          `json:"sum,omitempty"`    // SHA-256 of the sum before it and of the line without its sum
	Event   json.RawMessage `json:"event"`
}

// seal sets the line's sum, which continues the one before it.
func (l *Line) seal(before string) error {
	l.Sum = ""
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(append([]byte(before+"\n"), text...))
	l.Sum = hex.EncodeToString(sum[:])
	return nil
}

// eventLog is events.jsonl, read and checked. Its file is open only in a
// locked folder.
type eventLog struct {
	path  string
	lines []Line
	sum   string // of the last line, or of run.json
	end   int64  // of the last complete line
	file  *os.File
}

// readLog reads the log of a run whose run.json has the given content. A
// missing file is an empty log.
func readLog(path string, info []byte) (*eventLog, error) {
	sum := sha256.Sum256(info)
	l := &eventLog{path: path, sum: hex.EncodeToString(sum[:])}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for {
		text, rest, complete := bytes.Cut(content, []byte("\n"))
		if !complete {
			return l, nil
		}
		if err := l.read(text); err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w", path, len(l.lines)+1, err)
		}
		l.end += int64(len(text)) + 1
		content = rest
	}
}

var errForeignLine = errors.New("it is not what the run in this folder wrote: the log was edited, or is of another run; put back the one that was there, or start anew with --force (-f)")

// read takes in a line and checks it.
func (l *eventLog) read(text []byte) error {
	var line Line
	if err := json.Unmarshal(text, &line); err != nil {
		return fmt.Errorf("%w (%w)", errForeignLine, err)
	}
	if err := line.seal(l.sum); err != nil {
		return err
	}
	if again, err := json.Marshal(line); err != nil || !bytes.Equal(again, text) {
		return errForeignLine
	}
	l.lines, l.sum = append(l.lines, line), line.Sum
	return nil
}

// openAppend opens the file behind its last complete line, after removing what
// follows it.
func (l *eventLog) openAppend() error {
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	if err := f.Truncate(l.end); err != nil {
		return errors.Join(err, f.Close())
	}
	l.file = f
	return nil
}

// append writes a line at the end and flushes it to the device. What a failed
// write leaves is taken back.
func (l *eventLog) append(line Line) error {
	if err := line.seal(l.sum); err != nil {
		return err
	}
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if _, err = l.file.WriteAt(text, l.end); err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(l.end))
	}
	l.end += int64(len(text))
	l.lines, l.sum = append(l.lines, line), line.Sum
	return nil
}

func (l *eventLog) close() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
