package data

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
)

// parquetLabels collects labels that are numbers, which Hugging Face's metadata
// may name, or texts.
type parquetLabels struct {
	kind    labelKind
	numbers []int32
	texts   labelTexts
	classes []string
}

type labelKind int

const (
	noKind labelKind = iota
	numberLabels
	textLabels
)

// names takes those of the classes from the metadata of a file.
func (l *parquetLabels) names(f *parquet.File, column string) {
	text, _ := f.Lookup("huggingface")
	var meta struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	var feature struct {
		Names []string `json:"names"`
	}
	if json.Unmarshal([]byte(text), &meta) == nil && json.Unmarshal(meta.Info.Features[column], &feature) == nil {
		l.classes = feature.Names
	}
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
	case parquet.Int32, parquet.Int64, parquet.Boolean:
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
	default:
		number = v.Int64()
	}
	if number < -1 || number > math.MaxInt32 {
		return 0, fmt.Errorf("label %d is out of range", number)
	}
	return int32(number), nil
}

// settle returns the labels of a number of rows.
func (l *parquetLabels) settle(rows int) (labels []int32, classes []string) {
	if l.kind == noKind {
		return nil, nil
	}
	l.fill(rows)
	if l.kind == textLabels {
		return l.texts.settle()
	}
	for _, n := range l.numbers {
		if int(n) >= len(l.classes) {
			return l.numbers, nil
		}
	}
	return l.numbers, l.classes
}
