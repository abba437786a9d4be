package scoring

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
)

// Format is a way to write a score file. All hold the same numbers, with all
// their digits.
type Format string

// The formats.
const (
	JSONL   Format = "jsonl"   // a line of JSON a sample
	CSV     Format = "csv"     // a header and a line a sample
	Parquet Format = "parquet" // a row a sample
)

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch f := Format(name); f {
	case JSONL, CSV, Parquet:
		return f, nil
	}
	return "", fmt.Errorf("format %q: want jsonl, csv or parquet", name)
}

// FormatOf returns the format that the ending of a file's name asks for: .jsonl, .csv or
// .parquet. A name without an ending is JSONL's; an ending that no format has is an
// error that lists them.
func FormatOf(path string) (Format, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".csv":
		return CSV, nil
	case ".parquet":
		return Parquet, nil
	case ".jsonl", ".ndjson", ".json", "":
		return JSONL, nil
	default:
		return "", fmt.Errorf("%s: a score file ends in .jsonl, .csv or .parquet, not in %s", path, ext)
	}
}

// FileWriter writes a score file. All records have the scores of the first.
type FileWriter interface {
	Write(r Record) error
	// Close ends the file; it does not close what it was written to.
	Close() error
}

// NewFileWriter writes a score file of a format to w.
func NewFileWriter(w io.Writer, f Format) FileWriter {
	switch f {
	case CSV:
		return &csvWriter{out: bufio.NewWriterSize(w, 1<<16)}
	case Parquet:
		return &parquetWriter{out: w}
	}
	return NewRecordWriter(w)
}

// Close implements FileWriter.
func (w *RecordWriter) Close() error { return w.Flush() }

// ReadFile reads a score file of any format, which it tells by the content. It
// is strict, as ReadRecords is. Parquet has to come from a file.
func ReadFile(r io.Reader) iter.Seq2[Record, error] {
	if f, ok := r.(randomAccess); ok {
		if size, isParquet := parquetSize(f); isParquet {
			return readParquet(f, size)
		}
	}
	buf := bufio.NewReaderSize(r, 1<<16)
	switch head, _ := buf.Peek(len(csvLead)); {
	case bytes.HasPrefix(head, []byte(parquetMagic)):
		return failed(errors.New("a Parquet file cannot be read from a stream: name it"))
	case string(head) == csvLead:
		return readCSV(buf)
	}
	return ReadRecords(buf)
}

func failed(err error) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { yield(Record{}, err) }
}

// sameNames refuses a record whose scores are not those of the first.
func sameNames(r Record, names []string) error {
	if len(r.Scores.names) != len(names) {
		return fmt.Errorf("write score of %q: its scores are %v, those before it %v", r.ID, r.Scores.names, names)
	}
	for i, name := range r.Scores.names {
		if name != names[i] {
			return fmt.Errorf("write score of %q: its scores are %v, those before it %v", r.ID, r.Scores.names, names)
		}
	}
	return nil
}

// checkRecord refuses what no format may hold.
func checkRecord(r Record) error {
	switch {
	case r.Index < 0:
		return fmt.Errorf("index %d is negative", r.Index)
	case r.ID == "":
		return errors.New("the id is empty")
	}
	return nil
}
