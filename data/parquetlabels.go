package data

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"

	"github.com/prunefuse/prunefuse/internal/spelling"
)

// parquetLabels collects labels that are numbers, which Hugging Face's metadata
// may name, or texts.
type parquetLabels struct {
	kind    labelKind
	numbers []int32
	texts   labelTexts
	files   []fileClasses
}

// fileClasses are the names that the labels of a file stand for, which begin with
// one of the samples.
type fileClasses struct {
	first int
	names []string
}

type labelKind int

const (
	noKind labelKind = iota
	numberLabels
	textLabels
)

// names takes those of the classes from the metadata of a file, whose samples begin
// with the first.
func (l *parquetLabels) names(f *parquet.File, column string, first int) {
	text, _ := f.Lookup("huggingface")
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	var feature struct {
		Names []string `json:"names"`
	}
	if json.Unmarshal([]byte(text), &meta) != nil || json.Unmarshal(meta.Info.Features[column], &feature) != nil {
		feature.Names = nil
	}
	for i, name := range feature.Names {
		feature.Names[i] = spelling.Composed(name)
	}
	l.files = append(l.files, fileClasses{first, feature.Names})
}

// add reads the labels of the rows of a group, after which there are total rows;
// without a column they have none.
func (l *parquetLabels) add(column *parquet.Column, chunks []parquet.ColumnChunk, rows, total int) error {
	if column == nil {
		return nil
	}
	kind := numberLabels
	switch k := column.Type().Kind(); k {
	case parquet.ByteArray:
		kind = textLabels
	case parquet.Int32, parquet.Int64, parquet.Boolean, parquet.Float, parquet.Double:
	default:
		return fmt.Errorf("column %s of %v is no column of labels", column.Name(), k)
	}
	chunk := chunks[column.Index()]
	l.fill(total - rows)
	if l.kind != noKind && l.kind != kind {
		return fmt.Errorf("column %s holds numbers in one file and texts in another", column.Name())
	}
	l.kind = kind
	err := eachValue(chunk, func(v parquet.Value) error {
		if kind == textLabels {
			l.texts.add(textOf(v))
			return nil
		}
		number, err := numberOf(v)
		l.numbers = append(l.numbers, number)
		return err
	})
	if n := l.len(); err == nil && n != total {
		err = fmt.Errorf("column %s has %d labels for %d rows", column.Name(), n, total)
	}
	return err
}

func (l *parquetLabels) len() int { return max(len(l.numbers), len(l.texts.at)) }

// fill adds labels that are missing, up to a number of rows.
func (l *parquetLabels) fill(rows int) {
	for len(l.numbers) < rows && l.kind != textLabels {
		l.numbers = append(l.numbers, -1)
	}
	for len(l.texts.at) < rows && l.kind != numberLabels {
		l.texts.add("")
	}
}

func textOf(v parquet.Value) string {
	if v.IsNull() {
		return ""
	}
	return string(v.ByteArray())
}

func numberOf(v parquet.Value) (int32, error) {
	number := int64(-1)
	switch {
	case v.IsNull():
	case v.Kind() == parquet.Boolean:
		number = int64(v.Byte())
	case v.Kind() == parquet.Int32:
		number = int64(v.Int32())
	case v.Kind() == parquet.Float:
		return floatNumber(float64(v.Float()))
	case v.Kind() == parquet.Double:
		return floatNumber(v.Double())
	default:
		number = v.Int64()
	}
	if number < -1 || number > math.MaxInt32 {
		return 0, fmt.Errorf("label %d is out of range", number)
	}
	return int32(number), nil
}

// floatNumber reads a label that a column with gaps made a float.
func floatNumber(v float64) (int32, error) {
	if math.IsNaN(v) {
		return -1, nil
	}
	if v != math.Trunc(v) || v < -1 || v > math.MaxInt32 {
		return 0, fmt.Errorf("label %v is no number of a class", v)
	}
	return int32(v), nil
}

// settle returns the labels of a number of rows. Files that name their classes in
// different orders are brought to one.
func (l *parquetLabels) settle(rows int, opts Options, id func(i int) string) (labels []int32, classes []string, err error) {
	if l.kind == noKind {
		return nil, nil, nil
	}
	l.fill(rows)
	if l.kind == textLabels {
		return l.texts.settle(opts, id)
	}
	return l.named(rows)
}

func (l *parquetLabels) named(rows int) (labels []int32, classes []string, err error) {
	var lists [][]string
	for _, f := range l.files {
		if len(f.names) > 0 {
			lists = append(lists, f.names)
		}
	}
	if len(lists) == 0 {
		return l.numbers, nil, nil
	}
	classes = union(lists)
	for k, f := range l.files {
		end := rows
		if k+1 < len(l.files) {
			end = l.files[k+1].first
		}
		if err := relabelRows(l.numbers[f.first:end], f.names, classes); err != nil {
			return nil, nil, err
		}
	}
	return l.numbers, classes, nil
}

// relabelRows turns the numbers of some names into those of others.
func relabelRows(numbers []int32, names, classes []string) error {
	m, err := matchNames(Classes{Names: classes}, Classes{Names: names})
	if err != nil {
		return err
	}
	for i, n := range numbers {
		switch {
		case n < 0:
		case len(names) == 0:
			return fmt.Errorf("one file names its classes %s and another has the label %d without names", quoted(classes), n)
		case int(n) >= len(names):
			return fmt.Errorf("label %d out of range: its file names the classes %s", n, quoted(names))
		default:
			numbers[i] = int32(m.Label(int(n)))
		}
	}
	return nil
}
