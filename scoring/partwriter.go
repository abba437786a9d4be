package scoring

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
)

// skippedLine and endLine are lines of a part.
type skippedLine struct {
	Schema string `json:"schema"`
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

type endLine struct {
	Schema  string `json:"schema"`
	Scored  int    `json:"scored"`
	Skipped int    `json:"skipped"`
}

// PartWriter writes a part, or goes on with one.
type PartWriter struct {
	buf  *bufio.Writer
	line []byte
	end  endLine
}

// NewPartWriter begins a part.
func NewPartWriter(w io.Writer, head Part) (*PartWriter, error) {
	head.Schema = PartSchema
	p := &PartWriter{buf: bufio.NewWriterSize(w, 1<<16), end: endLine{Schema: EndSchema}}
	return p, p.encode(head)
}

func (p *PartWriter) encode(v any) error {
	e := json.NewEncoder(p.buf)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Record adds a sample that was scored.
func (p *PartWriter) Record(r Record) error {
	var err error
	if p.line, err = appendRecord(p.line[:0], r); err != nil {
		return err
	}
	p.end.Scored++
	_, err = p.buf.Write(p.line)
	return err
}

// Skip adds a sample that has no score.
func (p *PartWriter) Skip(s Skipped) error {
	p.end.Skipped++
	return p.encode(skippedLine{SkippedSchema, s.Index, s.ID, s.Err.Error()})
}

// End says that all samples are there.
func (p *PartWriter) End() error { return errors.Join(p.encode(p.end), p.buf.Flush()) }

// Flush writes out what is buffered.
func (p *PartWriter) Flush() error { return p.buf.Flush() }
