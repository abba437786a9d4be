package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/data"
	"github.com/prunefuse/prunefuse/scoring"
)

// recordSink writes the records of a pass: their scores as JSON lines and
// their features as rows of an .npy array, each where it is asked for. A
// sample that has no record has a row of NaN.
type recordSink struct {
	scores *scoring.RecordWriter
	rows   *bufio.Writer
	dim    int
	total  int
	next   int // the row to write next
	nan    []byte
}

func newRecordSink(scores, rows io.Writer, total, dim int) (*recordSink, error) {
	s := &recordSink{total: total, dim: dim}
	if scores != nil {
		s.scores = scoring.NewRecordWriter(scores)
	}
	if rows != nil {
		s.rows = bufio.NewWriter(rows)
		for range dim {
			s.nan = binary.LittleEndian.AppendUint32(s.nan, math.Float32bits(float32(math.NaN())))
		}
		if err := data.EncodeNPYHeader[float32](s.rows, []int{total, dim}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *recordSink) put(r scoring.Record) error {
	if s.scores != nil {
		if err := s.scores.Write(r); err != nil {
			return err
		}
	}
	if s.rows == nil {
		return nil
	}
	if err := s.fill(r.Index); err != nil {
		return err
	}
	s.next++
	var b [4]byte
	for _, v := range r.Features {
		binary.LittleEndian.PutUint32(b[:], math.Float32bits(v))
		if _, err := s.rows.Write(b[:]); err != nil {
			return err
		}
	}
	return nil
}

// fill writes rows of NaN up to row i.
func (s *recordSink) fill(i int) error {
	for ; s.next < i; s.next++ {
		if _, err := s.rows.Write(s.nan); err != nil {
			return err
		}
	}
	return nil
}

// end completes both files.
func (s *recordSink) end() error {
	if s.scores != nil {
		if err := s.scores.Flush(); err != nil {
			return err
		}
	}
	if s.rows == nil {
		return nil
	}
	if err := s.fill(s.total); err != nil {
		return err
	}
	return s.rows.Flush()
}

// embeddingFile is an .npy file with a row of features a sample.
type embeddingFile struct {
	*data.NPY
	path      string
	rows, dim int
}

func openEmbeddings(path string) (*embeddingFile, error) {
	a, err := data.OpenNPY(path)
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 2 {
		err := fmt.Errorf("embeddings %s: shape %v, want a row a sample", path, a.Shape)
		return nil, errors.Join(err, a.Close())
	}
	return &embeddingFile{a, path, a.Shape[0], a.Shape[1]}, nil
}

// row reads the features of sample i.
func (e *embeddingFile) row(i int) ([]float32, error) {
	if i >= e.rows {
		return nil, fmt.Errorf("embeddings %s: no row %d, only %d rows; was it written with this score file?", e.path, i, e.rows)
	}
	out := make([]float32, e.dim)
	if err := e.ReadFloats(i*e.dim, out); err != nil {
		return nil, fmt.Errorf("embeddings %s: %w", e.path, err)
	}
	if slices.ContainsFunc(out, func(v float32) bool { return v-v != 0 }) {
		return nil, fmt.Errorf("embeddings %s: row %d is not finite", e.path, i)
	}
	return out, nil
}

// all reads every row.
func (e *embeddingFile) all() (scoring.Features, error) {
	f := scoring.Features{Dim: e.dim}
	for i := range e.rows {
		row, err := e.row(i)
		if err != nil {
			return f, err
		}
		f.Data = append(f.Data, row...)
	}
	return f, nil
}
