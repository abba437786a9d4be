package scoring

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/prunefuse/prunefuse/internal/guard"
	"github.com/prunefuse/prunefuse/internal/parquetfile"
)

const (
	parquetMagic = "PAR1"
	// groupRows is the number of rows in a group, which the writer holds in
	// memory; a pool is cut the same way whoever writes it.
	groupRows = 1 << 16
	// mostRowsOfByte bounds what a damaged file can claim to hold: no
	// compression makes IDs, of which there are no two alike, this short.
	mostRowsOfByte = 256
)

// parquetWriter writes a flat table: the columns of recordColumns, of which
// only label may be null, and a double for each score.
type parquetWriter struct {
	out   io.Writer
	names []string
	file  *parquet.GenericWriter[any] // nil before the first record
	rows  int                         // in the group
	row   []parquet.Row
}

// columns is a group of columns in an order of its own.
type columns struct {
	parquet.Group
	order []string
}

// Fields implements parquet.Node.
func (c columns) Fields() []parquet.Field {
	fields := c.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		return slices.Index(c.order, a.Name()) - slices.Index(c.order, b.Name())
	})
	return fields
}

func recordSchema(names []string) *parquet.Schema {
	g := parquet.Group{
		"index":      parquet.Int(64),
		"id":         parquet.String(),
		"label":      parquet.Optional(parquet.Int(64)),
		"class":      parquet.Int(64),
		"confidence": parquet.Leaf(parquet.DoubleType),
	}
	for _, name := range names {
		g[name] = parquet.Leaf(parquet.DoubleType)
	}
	return parquet.NewSchema("scores", columns{g, slices.Concat(recordColumns, names)})
}

func (w *parquetWriter) Write(r Record) error {
	if w.file == nil {
		w.names = append([]string{}, r.Scores.names...)
		w.file = parquet.NewGenericWriter[any](w.out, recordSchema(w.names), parquet.Compression(&parquet.Snappy),
			parquet.KeyValueMetadata("schema", RecordSchema))
		w.row = []parquet.Row{make(parquet.Row, len(recordColumns)+len(w.names))}
	}
	if err := sameNames(r, w.names); err != nil {
		return err
	}
	row := w.row[0]
	set := func(column, definition int, v parquet.Value) { row[column] = v.Level(0, definition, column) }
	set(0, 0, parquet.Int64Value(int64(r.Index)))
	set(1, 0, parquet.ByteArrayValue([]byte(r.ID)))
	if r.Label == nil {
		set(2, 0, parquet.NullValue())
	} else {
		set(2, 1, parquet.Int64Value(int64(*r.Label)))
	}
	set(3, 0, parquet.Int64Value(int64(r.Class)))
	set(4, 0, parquet.DoubleValue(r.Confidence))
	for i, v := range r.Scores.values {
		if v-v != 0 {
			return fmt.Errorf("write score of %q: %s is %g", r.ID, w.names[i], v)
		}
		set(len(recordColumns)+i, 0, parquet.DoubleValue(v))
	}
	_, err := w.file.WriteRows(w.row)
	if w.rows++; err == nil && w.rows == groupRows {
		w.rows, err = 0, w.file.Flush()
	}
	if err != nil {
		return fmt.Errorf("write score of %q: %w", r.ID, err)
	}
	return nil
}

func (w *parquetWriter) Close() error {
	if w.file == nil {
		return errors.New("a Parquet file needs a record")
	}
	return w.file.Close()
}

// randomAccess is what a file offers beside reading on.
type randomAccess interface {
	io.ReaderAt
	io.Seeker
}

// parquetSize returns the size of a Parquet file; ok is false for any other file.
func parquetSize(f randomAccess) (size int64, ok bool) {
	var head [len(parquetMagic)]byte
	if _, err := f.ReadAt(head[:], 0); err != nil || string(head[:]) != parquetMagic {
		return 0, false
	}
	size, err := f.Seek(0, io.SeekEnd)
	return size, err == nil
}

func readParquet(f io.ReaderAt, size int64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var file *parquet.File
		err := guard.Against("file", func() (err error) {
			file, err = parquetfile.Open(f, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
			if err == nil {
				err = parquetfile.CheckPages(f, size, file)
			}
			return err
		})
		if err == nil && file.NumRows()/mostRowsOfByte > size {
			err = fmt.Errorf("the file is damaged: %d rows in %d bytes", file.NumRows(), size)
		}
		if err != nil {
			yield(Record{}, fmt.Errorf("read Parquet: %w", err))
			return
		}
		t, err := parquetTable(file)
		if err != nil {
			yield(Record{}, err)
			return
		}
		at := 0
		for _, group := range file.RowGroups() {
			more, err := t.group(group, &at, yield)
			if err != nil {
				yield(Record{}, fmt.Errorf("row %d: %w", at, err))
			}
			if err != nil || !more {
				return
			}
		}
	}
}

func parquetTable(file *parquet.File) (*table, error) {
	var header []string
	for _, path := range file.Schema().Columns() {
		if len(path) != 1 {
			return nil, fmt.Errorf("column %v is nested: not a score file", path)
		}
		header = append(header, path[0])
	}
	return newTable(header)
}

// group yields the records of one group; more is false when the caller has
// enough. At counts rows.
func (t *table) group(group parquet.RowGroup, at *int, yield func(Record, error) bool) (more bool, err error) {
	rows := group.Rows()
	defer func() { err = errors.Join(err, rows.Close()) }()
	buf := make([]Record, 0, 64)
	for ended := false; !ended; {
		buf = buf[:0]
		err := guard.Against("file", func() (err error) {
			buf, ended, err = t.next(rows, buf)
			return err
		})
		for _, r := range buf {
			if !yield(r, nil) {
				return false, nil
			}
			*at++
		}
		if err != nil {
			return false, err
		}
	}
	return true, nil
}

// next appends as many records as there is room for. Those before an error
// are good.
func (t *table) next(rows parquet.Rows, buf []Record) (_ []Record, ended bool, err error) {
	raw := make([]parquet.Row, cap(buf)-len(buf))
	n, err := rows.ReadRows(raw)
	for _, row := range raw[:n] {
		r, err := t.values(row)
		if err != nil {
			return buf, false, err
		}
		buf = append(buf, r)
	}
	if errors.Is(err, io.EOF) {
		return buf, true, nil
	}
	return buf, false, err
}

// values makes a record of a row.
func (t *table) values(row parquet.Row) (r Record, err error) {
	if len(row) != len(t.at)+len(t.scores) {
		return r, fmt.Errorf("it has %d values for %d columns", len(row), len(t.at)+len(t.scores))
	}
	integer := func(column int) int {
		v := row[t.at[column]]
		if v.IsNull() || v.Kind() != parquet.Int64 && v.Kind() != parquet.Int32 {
			err = fmt.Errorf("%s is not a whole number", recordColumns[column])
			return 0
		}
		if v.Kind() == parquet.Int32 {
			return int(v.Int32())
		}
		return int(v.Int64())
	}
	number := func(name string, v parquet.Value) float64 {
		switch {
		case v.IsNull():
		case v.Kind() == parquet.Double:
			return v.Double()
		case v.Kind() == parquet.Float:
			return float64(v.Float())
		}
		err = fmt.Errorf("%s is not a number", name)
		return math.NaN()
	}
	r.Index = integer(0)
	if id := row[t.at[1]]; id.Kind() == parquet.ByteArray {
		r.ID = string(id.ByteArray())
	}
	if !row[t.at[2]].IsNull() {
		label := integer(2)
		r.Label = &label
	}
	r.Class, r.Confidence = integer(3), number("confidence", row[t.at[4]])
	r.Scores = Scores{t.names, make([]float64, len(t.names))}
	for i, column := range t.scores {
		r.Scores.values[i] = number(t.names[i], row[column])
	}
	if err == nil {
		err = checkRecord(r)
	}
	return r, err
}
