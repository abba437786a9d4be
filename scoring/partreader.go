package scoring

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrCut says that a part ends before its last line: what wrote it was
// interrupted, or is still at work.
var ErrCut = errors.New("it is not complete")

// Entry is what a part says of one sample: a Record, or why there is none.
type Entry struct {
	Record  Record
	Skipped *Skipped
}

// Index is the sample's.
func (e Entry) Index() int {
	if e.Skipped != nil {
		return e.Skipped.Index
	}
	return e.Record.Index
}

// PartReader reads a part.
type PartReader struct {
	Head   Part
	lines  *bufio.Reader
	next   int
	seen   endLine
	offset int64
	line   []byte
}

// NewPartReader reads the first line of a part. One that is cut short before
// it is ErrCut.
func NewPartReader(r io.Reader) (*PartReader, error) {
	p := &PartReader{lines: bufio.NewReaderSize(r, 1<<16), seen: endLine{Schema: EndSchema}}
	text, err := p.text()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &p.Head); err != nil || p.Head.Schema != PartSchema {
		return nil, fmt.Errorf("it is not a part of a score file, as score --shard writes it: its first line has no schema %q", PartSchema)
	}
	h := p.Head
	if h.Shards < 1 || h.Shards > maxShards || h.Shard < 1 || h.Shard > h.Shards || h.First < 0 || h.First > h.End || h.End > h.Pool {
		return nil, fmt.Errorf("its first line is wrong: shard %d of %d with samples %d to %d of %d", h.Shard, h.Shards, h.First, h.End, h.Pool)
	}
	p.next = h.First
	return p, nil
}

// text reads a whole line; it is valid until the next call.
func (p *PartReader) text() ([]byte, error) {
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
		case len(p.line) > maxLine:
			return nil, fmt.Errorf("sample %d: a line is longer than %d bytes", p.next, maxLine)
		}
	}
}

// Offset is where in the file the entries read so far end.
func (p *PartReader) Offset() int64 { return p.offset }

// Missing is the index of the first sample that was not read yet.
func (p *PartReader) Missing() int { return p.next }

// Next reads an entry. It is io.EOF after the last one and ErrCut where the
// part ends before that; Offset is then the end of the last entry.
func (p *PartReader) Next() (Entry, error) {
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

// parseEntry reads a line of a part after the first; end is the last one.
func parseEntry(text []byte) (e Entry, end *endLine, err error) {
	has := func(schema string) bool { return bytes.HasPrefix(text, []byte(`{"schema":"`+schema+`"`)) }
	switch {
	case has(SkippedSchema):
		var l skippedLine
		err = json.Unmarshal(text, &l)
		e.Skipped = &Skipped{l.Index, l.ID, errors.New(l.Reason)}
	case has(EndSchema):
		end = new(endLine)
		err = json.Unmarshal(text, end)
	default:
		e.Record, err = parseRecord(text)
	}
	return e, end, err
}

// Continue makes a writer for what follows the entries that were read. Their
// file has to end there.
func (p *PartReader) Continue(w io.Writer) *PartWriter {
	return &PartWriter{buf: bufio.NewWriterSize(w, 1<<16), end: p.seen}
}
