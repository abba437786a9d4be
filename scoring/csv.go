package scoring

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// recordColumns are the columns of a table of records before the scores.
var recordColumns = []string{"index", "id", "label", "class", "confidence"}

// csvLead is how a score file in CSV begins.
const csvLead = "index,id,label,"

// csvWriter writes RFC 4180 with line feeds. A sample without a label has an
// empty field.
type csvWriter struct {
	out   *bufio.Writer
	names []string // nil before the header
	line  []byte
}

func (w *csvWriter) Write(r Record) error {
	if w.names == nil {
		w.names = append([]string{}, r.Scores.names...)
		if _, err := fmt.Fprintln(w.out, strings.Join(slices.Concat(recordColumns, w.names), ",")); err != nil {
			return err
		}
	}
	if err := sameNames(r, w.names); err != nil {
		return err
	}
	if strings.Contains(r.ID, "\r") {
		return fmt.Errorf("sample %q has a carriage return in its name, which CSV does not keep; write the scores as jsonl", r.ID)
	}
	b := append(strconv.AppendInt(w.line[:0], int64(r.Index), 10), ',')
	b = append(appendField(b, r.ID), ',')
	if r.Label != nil {
		b = strconv.AppendInt(b, int64(*r.Label), 10)
	}
	b = strconv.AppendInt(append(b, ','), int64(r.Class), 10)
	b, err := appendNumber(append(b, ','), r.Confidence)
	for i := 0; err == nil && i < len(w.names); i++ {
		b, err = appendNumber(append(b, ','), r.Scores.values[i])
	}
	if w.line = append(b, '\n'); err == nil {
		_, err = w.out.Write(w.line)
	}
	if err != nil {
		return fmt.Errorf("write score of %q: %w", r.ID, err)
	}
	return nil
}

// appendField appends a field, in quotes where it needs them.
func appendField(b []byte, s string) []byte {
	if !strings.ContainsAny(s, ",\"\r\n") && !strings.HasPrefix(s, " ") && !strings.HasSuffix(s, " ") {
		return append(b, s...)
	}
	b = append(b, '"')
	b = append(b, strings.ReplaceAll(s, `"`, `""`)...)
	return append(b, '"')
}

func (w *csvWriter) Close() error { return w.out.Flush() }

func readCSV(r io.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		rows := csv.NewReader(r)
		rows.ReuseRecord = true
		header, err := rows.Read()
		if err != nil {
			yield(Record{}, err)
			return
		}
		t, err := newTable(slices.Clone(header))
		if err != nil {
			yield(Record{}, fmt.Errorf("line 1: %w", err))
			return
		}
		for {
			row, err := rows.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var rec Record
			if err == nil {
				if rec, err = t.text(row); err != nil {
					line, _ := rows.FieldPos(0)
					err = fmt.Errorf("line %d: %w", line, err)
				}
			}
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// table tells which column holds what.
type table struct {
	at     []int // of recordColumns
	scores []int // columns of the scores, by name
	names  []string
}

// newTable finds the columns; those that are not a record's are scores.
func newTable(header []string) (*table, error) {
	t := &table{}
	for _, name := range recordColumns {
		i := slices.Index(header, name)
		if i < 0 {
			return nil, fmt.Errorf("column %q is missing: not a score file", name)
		}
		t.at = append(t.at, i)
	}
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return nil, fmt.Errorf("column %q is there twice", name)
		}
		if !slices.Contains(recordColumns, name) {
			t.names = append(t.names, name)
		}
	}
	slices.Sort(t.names)
	for _, name := range t.names {
		t.scores = append(t.scores, slices.Index(header, name))
	}
	return t, nil
}

// text makes a record of a row.
func (t *table) text(row []string) (r Record, err error) {
	integer := func(column int) (n int) {
		if err == nil {
			if n, err = strconv.Atoi(row[t.at[column]]); err != nil {
				err = fmt.Errorf("%s %q is not a whole number", recordColumns[column], row[t.at[column]])
			}
		}
		return n
	}
	number := func(name string, text string) (v float64) {
		if err == nil {
			if v, err = strconv.ParseFloat(text, 64); err != nil {
				err = fmt.Errorf("%s %q is not a number", name, text)
			}
		}
		return v
	}
	r = Record{Index: integer(0), ID: strings.Clone(row[t.at[1]])}
	if row[t.at[2]] != "" {
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
