package job

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

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
	r.row = appendRow(r.row[:0], values)
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

func appendRow(b []byte, row []float32) []byte {
	for _, v := range row {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
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
func (f *rowFile) row(i int) ([]float32, error) {
	if i >= f.rows {
		return nil, fmt.Errorf("%s: no row %d, only %d rows; was it written with this score file?", f.path, i, f.rows)
	}
	out := make([]float32, f.dim)
	if err := f.ReadFloats(i*f.dim, out); err != nil {
		return nil, fmt.Errorf("%s: %w", f.path, err)
	}
	if slices.ContainsFunc(out, func(v float32) bool { return v-v != 0 }) {
		return nil, fmt.Errorf("%s: row %d is not finite", f.path, i)
	}
	return out, nil
}

// readRows reads a file at once; none where there is no path.
func readRows(path string) (selection.Features, error) {
	if path == "" {
		return selection.Features{}, nil
	}
	f, err := openRows(path)
	if err != nil {
		return selection.Features{}, err
	}
	defer f.Close()
	out := selection.Features{Dim: f.dim}
	for i := range f.rows {
		row, err := f.row(i)
		if err != nil {
			return out, err
		}
		out.Data = append(out.Data, row...)
	}
	return out, nil
}

// copyTo writes the values of all rows, also of those that are not finite.
func (f *rowFile) copyTo(ctx context.Context, w io.Writer) error {
	row := make([]float32, f.dim)
	raw := make([]byte, 0, 4*f.dim)
	for i := range f.rows {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := f.ReadFloats(i*f.dim, row); err != nil {
			return fmt.Errorf("%s: %w", f.path, err)
		}
		raw = appendRow(raw[:0], row)
		if _, err := w.Write(raw); err != nil {
			return err
		}
	}
	return nil
}
