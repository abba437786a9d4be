package job

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"

	"github.com/prunefuse/prunefuse/scoring"
)

// skippedLine and endLine are lines of a shard file.
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

// ShardWriter writes a shard file, or goes on with one.
type ShardWriter struct {
	buf  *bufio.Writer
	line []byte
	end  endLine
}

// NewShardWriter begins a shard file.
func NewShardWriter(w io.Writer, head Header) (*ShardWriter, error) {
	head.Schema = scoring.ShardSchema
	p := &ShardWriter{buf: bufio.NewWriterSize(w, 1<<16), end: endLine{Schema: EndSchema}}
	return p, p.encode(head)
}

func (p *ShardWriter) encode(v any) error {
	e := json.NewEncoder(p.buf)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// Record adds a sample that was scored.
func (p *ShardWriter) Record(r scoring.Record) error {
	var err error
	if p.line, err = scoring.AppendRecord(p.line[:0], r); err != nil {
		return err
	}
	p.end.Scored++
	_, err = p.buf.Write(p.line)
	return err
}

// Skip adds a sample that has no score.
func (p *ShardWriter) Skip(s scoring.Skipped) error {
	p.end.Skipped++
	return p.encode(skippedLine{SkippedSchema, s.Index, s.ID, s.Err.Error()})
}

// End writes the last line, which says that all samples are there.
func (p *ShardWriter) End() error { return errors.Join(p.encode(p.end), p.buf.Flush()) }

// Flush writes out what is buffered.
func (p *ShardWriter) Flush() error { return p.buf.Flush() }
