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
)

// Log is a file of JSON lines that is appended to and never changed. A line carries a
// sum of itself and of the line before it, the first of itself and of what the log
// belongs to.
type Log[L any] struct {
	path  string
	sum   func(*L) *string // where a line has its sum, in JSON under a key that is left out when empty
	root  string           // that the first line continues
	lines []L
	ends  []int64 // of the lines, in bytes
	torn  int64   // bytes behind the last line
	file  *os.File
}

// ReadLog reads and checks a log whose first line continues root. A missing file is an
// empty log.
func ReadLog[L any](path, root string, sum func(*L) *string) (*Log[L], error) {
	l := &Log[L]{path: path, sum: sum, root: root}
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for {
		text, rest, complete := bytes.Cut(content, []byte("\n"))
		if !complete {
			l.torn = int64(len(text))
			return l, nil
		}
		if err := l.read(text); err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w", path, len(l.lines)+1, err)
		}
		content = rest
	}
}

// ErrForeignLine says that a line does not continue the one before it.
var ErrForeignLine = errors.New("it is not what the run in this folder wrote: the log was edited, or is of another run; put back the one that was there, or start anew with --force (-f)")

// read takes in a line and checks it.
func (l *Log[L]) read(text []byte) error {
	var line L
	if err := json.Unmarshal(text, &line); err != nil {
		return fmt.Errorf("%w (%w)", ErrForeignLine, err)
	}
	again, err := l.seal(&line, l.Head())
	if err != nil {
		return err
	}
	if !bytes.Equal(again, text) {
		return ErrForeignLine
	}
	l.lines, l.ends = append(l.lines, line), append(l.ends, l.end()+int64(len(text))+1)
	return nil
}

// seal sets the sum of a line, which continues the one before it, and gives its text.
func (l *Log[L]) seal(line *L, before string) ([]byte, error) {
	*l.sum(line) = ""
	text, err := json.Marshal(line)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte(before+"\n"), text...))
	*l.sum(line) = hex.EncodeToString(sum[:])
	return json.Marshal(line)
}

// Lines returns the lines so far.
func (l *Log[L]) Lines() []L { return l.lines }

// Head returns the sum of the last line, the root where there is none.
func (l *Log[L]) Head() string { return l.HeadAt(len(l.lines)) }

// HeadAt returns the sum of the last of the first n lines.
func (l *Log[L]) HeadAt(n int) string {
	if n == 0 {
		return l.root
	}
	return *l.sum(&l.lines[n-1])
}

// Torn returns how many bytes stand behind the last line: a line that was cut.
func (l *Log[L]) Torn() int64 { return l.torn }

// end is where the last line ends in the file.
func (l *Log[L]) end() int64 {
	if len(l.ends) == 0 {
		return 0
	}
	return l.ends[len(l.ends)-1]
}

// Open opens the file for Append and keeps the first n lines, without what follows
// them. The folder is to be locked.
func (l *Log[L]) Open(n int) error {
	l.lines, l.ends = l.lines[:n], l.ends[:n]
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	if err := f.Truncate(l.end()); err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.torn = f, 0
	return nil
}

// Append writes lines at the end and flushes them to the device. What a failed write
// leaves is taken back.
func (l *Log[L]) Append(lines ...L) error {
	var content []byte
	before, end := l.Head(), l.end()
	ends := make([]int64, len(lines))
	for i := range lines {
		text, err := l.seal(&lines[i], before)
		if err != nil {
			return err
		}
		content = append(append(content, text...), '\n')
		before, ends[i] = *l.sum(&lines[i]), end+int64(len(content))
	}
	_, err := l.file.WriteAt(content, end)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		return errors.Join(err, l.file.Truncate(end))
	}
	l.lines, l.ends = append(l.lines, lines...), append(l.ends, ends...)
	return nil
}

// Close closes the file.
func (l *Log[L]) Close() error {
	if l == nil || l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
