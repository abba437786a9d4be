package rundir

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"sync"
	"time"
)

// Event is a line of events.jsonl.
type Event struct {
	Time time.Time       `json:"time"`
	Name string          `json:"event"`
	Data json.RawMessage `json:"data,omitempty"`
}

// Append adds an event to events.jsonl, with the time now. data is any value
// that JSON can hold, nil for none. It is safe for concurrent use.
func (d *Dir) Append(name string, data any) error {
	if err := d.writable(); err != nil {
		return err
	}
	e := Event{Time: time.Now().UTC().Truncate(time.Millisecond), Name: name}
	if data != nil {
		raw, err := json.Marshal(data)
		if err != nil {
			return fmt.Errorf("append event %s: %w", name, err)
		}
		e.Data = raw
	}
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("append event %s: %w", name, err)
	}
	return d.events.append(append(line, '\n'))
}

// Events iterates over events.jsonl. A line that was not finished ends it
// without an error; a missing file has no events.
func (d *Dir) Events() iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f, err := os.Open(d.Path(eventsName))
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				yield(Event{}, err)
			}
			return
		}
		defer f.Close()
		r := bufio.NewReader(f)
		for n := 1; ; n++ {
			line, err := r.ReadBytes('\n')
			if errors.Is(err, io.EOF) {
				return
			}
			var e Event
			if err == nil {
				err = json.Unmarshal(line, &e)
			}
			if err != nil {
				yield(Event{}, fmt.Errorf("read %s: line %d: %w", f.Name(), n, err))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// eventLog is the open events.jsonl of a locked folder.
type eventLog struct {
	mu   sync.Mutex
	file *os.File
	end  int64 // of the last whole line
}

// open opens the file at its end, after removing a line that was not finished.
func (l *eventLog) open(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	end, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(end)
	}
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.end = f, end
	return nil
}

// append writes line at the end. What a failed write leaves is taken back.
func (l *eventLog) append(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, err := l.file.WriteAt(line, l.end)
	if err != nil {
		return errors.Join(err, l.file.Truncate(l.end))
	}
	l.end += int64(n)
	return nil
}

func (l *eventLog) close() error {
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}

// wholeLines returns the offset after the last newline in f.
func wholeLines(f *os.File) (int64, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	buf := make([]byte, 4096)
	for end := size; end > 0; {
		start := max(0, end-int64(len(buf)))
		chunk := buf[:end-start]
		if _, err := f.ReadAt(chunk, start); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(chunk, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}
