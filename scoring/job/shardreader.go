package job

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/scoring"
)

// ErrCut says that a shard file ends before its last line: the run that wrote it
// was interrupted, or is still at work.
var ErrCut = errors.New("it is not complete")

// Entry says of one sample of a shard file what its record is, or why it has none.
type Entry struct {
	Record  scoring.Record
	Skipped *scoring.Skipped
}

// Index returns the sample's.
func (e Entry) Index() int {
	if e.Skipped != nil {
		return e.Skipped.Index
	}
	return e.Record.Index
}

// ShardReader reads a shard file.
type ShardReader struct {
	Head   Header
	lines  *bufio.Reader
	next   int
	seen   endLine
	offset int64
	line   []byte
}

// NewShardReader reads the first line of a shard file. A file that is cut short
// before it is ErrCut.
func NewShardReader(r io.Reader) (*ShardReader, error) {
	p := &ShardReader{lines: bufio.NewReaderSize(r, 1<<16), seen: endLine{Schema: EndSchema}}
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &p.Head); err != nil || p.Head.Schema != scoring.ShardSchema {
		return nil, fmt.Errorf("it is not the score file of a shard, as score --shard writes it: its first line has no schema %q", scoring.ShardSchema)
	}
	if err := p.Head.check(); err != nil {
		return nil, fmt.Errorf("its first line is wrong: %w", err)
	}
	p.next = p.Head.First
	return p, nil
}

// text reads a whole line; it is valid until the next call.
func (p *ShardReader) text() ([]byte, error) {
	p.line = p.line[:0]
	for {
		piece, err := p.lines.ReadSlice('\n')
		p.line = append(p.line, piece...)
		switch {
		case err == nil:
			p.offset += int64(len(p.line))
			return p.line, nil
		case errors.Is(err, io.EOF):
			return nil, ErrCut
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case len(p.line) > scoring.MaxLine:
			return nil, fmt.Errorf("sample %d: a line is longer than %d bytes", p.next, scoring.MaxLine)
		}
	}
}

// Offset returns where in the file the entries read so far end.
func (p *ShardReader) Offset() int64 { return p.offset }

// Missing returns the index of the first sample that was not read yet.
func (p *ShardReader) Missing() int { return p.next }

// Next reads an entry. It is io.EOF after the last one and ErrCut where the
// file ends before that; Offset is then the end of the last entry.
func (p *ShardReader) Next() (Entry, error) {
	start := p.offset
	text, err := p.text()
	if err != nil {
		return Entry{}, err
	}
	e, end, err := parseEntry(text)
	switch {
	case err != nil:
	case end != nil && (p.next != p.Head.End || *end != p.seen):
		err = fmt.Errorf("it ends with sample %d of %d to %d", p.next-1, p.Head.First, p.Head.End-1)
	case end != nil:
		return Entry{}, io.EOF
	case e.Index() != p.next || p.next >= p.Head.End:
		err = fmt.Errorf("sample %d stands where sample %d is to be", e.Index(), p.next)
	}
	if err != nil {
		p.offset = start
		return Entry{}, fmt.Errorf("damaged: %w", err)
	}
	p.next++
	if e.Skipped != nil {
		p.seen.Skipped++
	} else {
		p.seen.Scored++
	}
	return e, nil
}

// parseEntry reads a line of a shard file after the first; end is the last one.
func parseEntry(text []byte) (e Entry, end *endLine, err error) {
	has := func(schema string) bool { return bytes.HasPrefix(text, []byte(`{"schema":"`+schema+`"`)) }
	switch {
	case has(SkippedSchema):
		var l skippedLine
		err = json.Unmarshal(text, &l)
		e.Skipped = &scoring.Skipped{Index: l.Index, ID: l.ID, Err: errors.New(l.Reason)}
	case has(EndSchema):
		end = new(endLine)
		err = json.Unmarshal(text, end)
	default:
		e.Record, err = scoring.ParseRecord(text)
	}
	return e, end, err
}

// Continue makes a writer for what follows the entries that were read. Their
// file has to end there.
func (p *ShardReader) Continue(w io.Writer) *ShardWriter {
	return &ShardWriter{buf: bufio.NewWriterSize(w, 1<<16), end: p.seen}
}
