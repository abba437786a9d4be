package job

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"

	"github.com/prunefuse/prunefuse/scoring"
)

// journalRows is the file in which a journal keeps a field of every record: equally
// long rows of float32.
type journalRows struct {
	suffix string // of the file's name
	dim    int
	of     func(*scoring.Record) *[]float32

	path  string
	count int
	file  *os.File
	out   *bufio.Writer
	raw   []byte
}

func (r *journalRows) open(journal string, flags int) (err error) {
	r.path = journal + r.suffix
	if r.file, err = os.OpenFile(r.path, flags, 0o666); err != nil {
		return err
	}
	info, err := r.file.Stat()
	if err != nil {
		return errors.Join(err, r.file.Close())
	}
	r.count = int(info.Size()) / (4 * r.dim)
	r.out = bufio.NewWriterSize(r.file, 1<<16)
	return nil
}

// cut keeps the first rows.
func (r *journalRows) cut(rows int) error {
	r.count = rows
	return cutAt(r.file, int64(rows)*4*int64(r.dim))
}

// append adds a row; nil is one of NaN.
func (r *journalRows) append(row []float32) error {
	r.raw = r.raw[:0]
	for i := range r.dim {
		v := float32(math.NaN())
		if row != nil {
			v = row[i]
		}
		r.raw = binary.LittleEndian.AppendUint32(r.raw, math.Float32bits(v))
	}
	r.count++
	_, err := r.out.Write(r.raw)
	return err
}

// read returns row i of those that were there at the start.
func (r *journalRows) read(i int) ([]float32, error) {
	raw := make([]byte, 4*r.dim)
	if _, err := r.file.ReadAt(raw, int64(i)*int64(len(raw))); err != nil {
		return nil, fmt.Errorf("read row %d of %s: %w", i, r.path, err)
	}
	row := make([]float32, r.dim)
	for k := range row {
		row[k] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*k:]))
	}
	return row, nil
}

func (r *journalRows) close() error {
	if r.file == nil {
		return nil
	}
	err := errors.Join(r.out.Flush(), r.file.Close())
	r.file = nil
	return err
}
