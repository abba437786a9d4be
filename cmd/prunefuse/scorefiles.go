package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// recordSink writes the records of a pass: their scores as a score file, their
// features and their class probabilities as rows of .npy arrays, each where it
// is asked for.
type recordSink struct {
	scores            scoring.FileWriter
	features, softmax *rowWriter
}

// newRecordSink writes to up to three files: scores, features, probabilities.
// What is not asked for is nil. The samples are those from first on and before
// end.
func newRecordSink(files []io.Writer, f scoring.Format, first, end int, c scoring.Classifier) (*recordSink, error) {
	s := &recordSink{}
	if files[0] != nil {
		s.scores = scoring.NewFileWriter(files[0], f)
	}
	var err error
	if s.features, err = newRowWriter(files[1], first, end, c.FeatureLen()); err != nil {
		return nil, err
	}
	s.softmax, err = newRowWriter(files[2], first, end, c.Classes())
	return s, err
}

func (s *recordSink) put(r scoring.Record) error {
	if s.scores != nil {
		if err := s.scores.Write(r); err != nil {
			return err
		}
	}
	if err := s.features.put(r.Index, r.Features); err != nil {
		return err
	}
	return s.softmax.put(r.Index, r.Probabilities)
}

// end completes the files.
func (s *recordSink) end() error {
	if s.scores != nil {
		if err := s.scores.Close(); err != nil {
			return err
		}
	}
	if err := s.features.end(); err != nil {
		return err
	}
	return s.softmax.end()
}

// rowWriter writes an .npy array of float32 row by row. A row that is left
// out is NaN. A nil one writes nothing.
type rowWriter struct {
	w    *bufio.Writer
	next int // the sample whose row is to be written next
	last int // and the one after the last
	nan  []byte
	row  []byte
}

func newRowWriter(w io.Writer, first, end, dim int) (*rowWriter, error) {
	if w == nil {
		return nil, nil
	}
	r := &rowWriter{w: bufio.NewWriter(w), next: first, last: end}
	for range dim {
		r.nan = binary.LittleEndian.AppendUint32(r.nan, math.Float32bits(float32(math.NaN())))
	}
	return r, data.EncodeNPYHeader[float32](r.w, []int{end - first, dim})
}

func (r *rowWriter) put(i int, values []float32) error {
	if r == nil {
		return nil
	}
	if err := r.fill(i); err != nil {
		return err
	}
	r.next++
	r.row = r.row[:0]
	for _, v := range values {
		r.row = binary.LittleEndian.AppendUint32(r.row, math.Float32bits(v))
	}
	_, err := r.w.Write(r.row)
	return err
}

// fill writes rows of NaN up to that of sample i.
func (r *rowWriter) fill(i int) error {
	for ; r.next < i; r.next++ {
		if _, err := r.w.Write(r.nan); err != nil {
			return err
		}
	}
	return nil
}

func (r *rowWriter) end() error {
	if r == nil {
		return nil
	}
	if err := r.fill(r.last); err != nil {
		return err
	}
	return r.w.Flush()
}

// rowFile is an .npy file with a row a sample: features, or class
// probabilities.
type rowFile struct {
	*data.NPY
	path      string
	rows, dim int
}

func openRows(path string) (*rowFile, error) {
	a, err := data.OpenNPY(path)
	if err != nil {
		return nil, err
	}
	if len(a.Shape) != 2 {
		err := fmt.Errorf("%s: shape %v, want a row a sample", path, a.Shape)
		return nil, errors.Join(err, a.Close())
	}
	return &rowFile{a, path, a.Shape[0], a.Shape[1]}, nil
}

// row reads that of sample i.
func (e *rowFile) row(i int) ([]float32, error) {
	if i >= e.rows {
		return nil, fmt.Errorf("%s: no row %d, only %d rows; was it written with this score file?", e.path, i, e.rows)
	}
	out := make([]float32, e.dim)
	if err := e.ReadFloats(i*e.dim, out); err != nil {
		return nil, fmt.Errorf("%s: %w", e.path, err)
	}
	if slices.ContainsFunc(out, func(v float32) bool { return v-v != 0 }) {
		return nil, fmt.Errorf("%s: row %d is not finite", e.path, i)
	}
	return out, nil
}

// all reads every row.
func (e *rowFile) all() (selection.Features, error) {
	f := selection.Features{Dim: e.dim}
	for i := range e.rows {
		row, err := e.row(i)
		if err != nil {
			return f, err
		}
		f.Data = append(f.Data, row...)
	}
	return f, nil
}
