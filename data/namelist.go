package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/prunefuse/prunefuse/internal/guard"
	"github.com/prunefuse/prunefuse/internal/parquetfile"
)

// ReadNames reads which samples a file names, in its order. The file's ending says
// what it is:
//
//   - .txt, .lst or none: a name a line, as a selection in text;
//   - .csv or .tsv: a table with a line of column names, of which "id" holds the
//     names, or else "path" or one of its synonyms: a score file, a list of labels,
//     a batch that people fill in;
//   - .jsonl or .ndjson: an object a line with the same fields: a selection, a score
//     file, a list of labels;
//   - .json: the tasks of Label Studio as they were exported for it, or come back:
//     the "sample" of each;
//   - .parquet: the column "id" of a score file.
//
// Every sample that the file names counts, whatever else stands beside it. Any
// other ending is an error.
func ReadNames(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := readNames(f, path)
	if err == nil && len(names) == 0 {
		err = errNoNames
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return names, nil
}

var errNoNames = errors.New("it names no sample")

// nameEndings are the endings of ReadNames.
const nameEndings = ".txt, .csv, .tsv, .jsonl, .json or .parquet"

func readNames(f *os.File, path string) (names []string, err error) {
	r := bufio.NewReaderSize(f, 1<<16)
	if mark, _ := r.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) {
		_, _ = r.Discard(len(byteOrderMark))
	}
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".txt", ".lst", "":
		return linedNames(r)
	case ".csv":
		return tableNames(r, ',')
	case ".tsv":
		return tableNames(r, '\t')
	case ".jsonl", ".ndjson":
		return objectNames(r)
	case ".json":
		return taskNames(r)
	case ".parquet":
		err = guard.Against("file", func() error {
			names, err = parquetNames(f)
			return err
		})
		return names, err
	default:
		return nil, fmt.Errorf("a file that names samples ends in %s, not in %s", nameEndings, ext)
	}
}

// linedNames reads a name a line, or the lines of JSON that a selection has in a
// file of any name.
func linedNames(r *bufio.Reader) (names []string, err error) {
	if head, _ := r.Peek(len(`{"schema":"`)); string(head) == `{"schema":"` {
		return objectNames(r)
	}
	err = eachLine(r, func(_ int, line []byte) error {
		names = append(names, string(line))
		return nil
	})
	return names, err
}

func tableNames(r io.Reader, comma rune) (names []string, err error) {
	c := csv.NewReader(r)
	c.Comma, c.ReuseRecord = comma, true
	head, err := c.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, csvError(err)
	}
	at, err := column(head, "", slices.Concat(idColumns, pathColumns))
	if err != nil {
		return nil, fmt.Errorf("%w; a list of names alone is a .txt", err)
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return names, nil
		}
		if err != nil {
			return nil, csvError(err)
		}
		if row[at] == "" {
			line, _ := c.FieldPos(at)
			return nil, fmt.Errorf("line %d: it names no sample", line)
		}
		names = append(names, strings.Clone(row[at]))
	}
}

func objectNames(r *bufio.Reader) (names []string, err error) {
	err = eachLine(r, func(_ int, line []byte) error {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(line, &object); err != nil {
			return fmt.Errorf("no JSON object: %w", err)
		}
		raw, ok := field(object, "", slices.Concat(idColumns, pathColumns))
		if !ok {
			return missingField(object, "", slices.Concat(idColumns, pathColumns))
		}
		name, err := jsonText(raw)
		if err == nil && name == "" {
			err = errors.New("is empty")
		}
		if err != nil {
			return fmt.Errorf("the name %w", err)
		}
		names = append(names, name)
		return nil
	})
	return names, err
}

// taskNames reads tasks of Label Studio, in which "id" is the task's own number.
func taskNames(r io.Reader) (names []string, err error) {
	var tasks []struct {
		Sample string `json:"sample"`
		Data   struct {
			Sample string `json:"sample"`
		} `json:"data"`
	}
	if err := json.NewDecoder(r).Decode(&tasks); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("no list of tasks: %w", err)
	}
	for i, t := range tasks {
		name := t.Data.Sample
		if name == "" {
			name = t.Sample
		}
		if name == "" {
			return nil, fmt.Errorf("task %d has no \"sample\", which names its sample", i+1)
		}
		names = append(names, name)
	}
	return names, nil
}

func parquetNames(f *os.File) (names []string, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	file, err := parquetfile.Open(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err == nil {
		err = parquetfile.CheckPages(f, info.Size(), file)
	}
	if err != nil {
		return nil, err
	}
	column := file.Root().Column("id")
	if column == nil || !column.Leaf() || column.Type().Kind() != parquet.ByteArray {
		return nil, errors.New("it has no column \"id\" of texts")
	}
	for _, group := range file.RowGroups() {
		err := eachValue(group.ColumnChunks()[column.Index()], func(v parquet.Value) error {
			if v.IsNull() {
				return fmt.Errorf("row %d names no sample", len(names))
			}
			names = append(names, string(v.ByteArray()))
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}
