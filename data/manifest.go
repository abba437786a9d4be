package data

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// manifest is the source of the image files that a file lists.
type manifest struct {
	listing
	paths  *names // the IDs where those are not said
	open   func(name string) (fs.File, error)
	folder string // that paths are relative to
}

// Forms of a manifest.
const (
	formCSV   = "csv"   // a line of names of columns, then a line a sample
	formTSV   = "tsv"   // the same, with tabs
	formJSONL = "jsonl" // an object a line
	formPaths = "paths" // a path a line
	formTiny  = "tiny"  // Tiny ImageNet's: a path, a class and four numbers a line
)

// manifestForm tells the form of a file by the extension of its name.
func manifestForm(name string) (form string, ok bool) {
	form, ok = map[string]string{
		".csv": formCSV, ".tsv": formTSV, ".jsonl": formJSONL, ".ndjson": formJSONL, ".txt": formPaths, ".lst": formPaths,
	}[strings.ToLower(filepath.Ext(name))]
	return form, ok
}

// openManifest reads a list of image files. Paths are relative to its folder.
func openManifest(path, form string, opts Options) (Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return newManifestSet(f, filepath.Dir(path), form, opts)
}

// openStdin reads a list of image files in any form from standard input. Paths
// are relative to the working directory.
func openStdin(opts Options) (Set, error) {
	if opts.Stdin == nil {
		return nil, errors.New("there is no standard input to read a list of images from")
	}
	r := bufio.NewReaderSize(opts.Stdin, 1<<16)
	return newManifestSet(r, ".", sniffManifest(r, opts), opts)
}

// sniffManifest tells the form of a manifest by its first line.
func sniffManifest(r *bufio.Reader, opts Options) string {
	head, _ := r.Peek(r.Size())
	head = bytes.TrimPrefix(head, byteOrderMark)
	if bytes.HasPrefix(bytes.TrimSpace(head), []byte("{")) {
		return formJSONL
	}
	line, _, _ := strings.Cut(string(head), "\n")
	for form, comma := range map[string]string{formCSV: ",", formTSV: "\t"} {
		fields := strings.Split(strings.TrimSpace(line), comma)
		if _, err := column(fields, opts.PathColumn, pathColumns); err == nil && (len(fields) > 1 || form == formCSV) {
			return form
		}
	}
	if opts.PathColumn != "" {
		return formCSV // which says what is missing
	}
	return formPaths
}

var byteOrderMark = []byte("\xef\xbb\xbf")

// Names of columns that are known without being told.
var (
	pathColumns  = []string{"path", "file_name", "filename", "file", "image", "image_path"}
	labelColumns = []string{"label", "class", "target"}
	idColumns    = []string{"id"}
)

// pathColumns are the names of the column of the paths; of a list that only labels
// samples, whose IDs do as well, that of these, too.
func (o Options) pathColumns() []string {
	if o.onlyLabels {
		return append(slices.Clip(pathColumns), idColumns...)
	}
	return pathColumns
}

// entry is one line of a manifest.
type entry struct{ path, id, label string }

func newManifestSet(r io.Reader, dir, form string, opts Options) (Set, error) {
	m, err := readManifestFile(r, form, opts)
	if err != nil {
		return nil, err
	}
	m.folder, m.open = dir, func(name string) (fs.File, error) { return os.Open(name) }
	return asSet(newImageSet(m, opts))
}

// readManifestFile reads a list, whose images are yet to be found.
func readManifestFile(r io.Reader, form string, opts Options) (*manifest, error) {
	m := &manifest{paths: new(names)}
	m.ids = m.paths
	var texts labelTexts
	labelled, err := readManifest(bufio.NewReader(r), form, opts, func(e entry, hasID bool) {
		if hasID && m.ids == m.paths {
			m.ids = new(names)
		}
		m.paths.add(e.path)
		if hasID {
			m.ids.add(e.id)
		}
		texts.add(e.label)
	})
	if err != nil {
		return nil, err
	}
	if err := m.ids.checkUnique(); err != nil {
		return nil, fmt.Errorf("%w; name a column whose values differ for the IDs", err)
	}
	if err := m.ids.checkText(); err != nil {
		return nil, err
	}
	if labelled {
		m.labels, m.classes, err = texts.settle(opts, m.ids.at)
	}
	return m, err
}

// readManifest hands on what the lines say.
func readManifest(r *bufio.Reader, form string, opts Options, add func(e entry, hasID bool)) (labelled bool, err error) {
	if mark, _ := r.Peek(len(byteOrderMark)); bytes.Equal(mark, byteOrderMark) {
		_, _ = r.Discard(len(byteOrderMark))
	}
	switch form {
	case formJSONL:
		return readJSONL(r, opts, add)
	case formPaths:
		return false, readPaths(r, opts, add)
	case formTiny:
		return true, readTiny(r, add)
	}
	c := csv.NewReader(r)
	c.ReuseRecord = true
	if form == formTSV {
		c.Comma = '\t'
	} else if head, _ := r.Peek(1024); bySemicolons(head) {
		c.Comma = ';'
		opts.note("columns are told apart by semicolons")
	}
	return readCSV(c, opts, add)
}

// bySemicolons reports whether the first line has semicolons and no comma.
func bySemicolons(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	return bytes.ContainsRune(line, ';') && !bytes.ContainsRune(line, ',')
}

// readTiny reads lines of a path, a class and the corners of a box.
func readTiny(r *bufio.Reader, add func(entry, bool)) error {
	return eachLine(r, func(_ int, line []byte) error {
		fields := strings.Split(string(line), "\t")
		if len(fields) < 2 || fields[0] == "" {
			return errors.New("it has no path and class with a tab between them")
		}
		add(entry{path: fields[0], label: fields[1]}, false)
		return nil
	})
}

func readPaths(r *bufio.Reader, opts Options, add func(entry, bool)) error {
	for _, name := range []string{opts.PathColumn, opts.LabelColumn, opts.IDColumn} {
		if name != "" {
			return fmt.Errorf("it is a list of paths and has no column %s", name)
		}
	}
	return eachLine(r, func(_ int, line []byte) error {
		add(entry{path: string(line)}, false)
		return nil
	})
}

// eachLine hands on the lines that are not empty, without their ends.
func eachLine(r *bufio.Reader, use func(number int, line []byte) error) error {
	for number := 1; ; number++ {
		line, err := r.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if trimmed := bytes.TrimRight(line, "\r\n"); len(bytes.TrimSpace(trimmed)) > 0 {
			if err := use(number, trimmed); err != nil {
				return fmt.Errorf("line %d: %w", number, err)
			}
		}
		if err != nil {
			return nil
		}
	}
}

func readCSV(c *csv.Reader, opts Options, add func(entry, bool)) (labelled bool, err error) {
	head, err := c.Read()
	if err != nil {
		return false, csvError(err)
	}
	head = slices.Clone(head)
	path, err := column(head, opts.PathColumn, opts.pathColumns())
	if err != nil {
		return false, fmt.Errorf("%w; name the column of the paths", err)
	}
	label, err := optionalColumn(head, opts.LabelColumn, labelColumns)
	if err != nil {
		return false, err
	}
	id, err := optionalColumn(head, opts.IDColumn, idColumns)
	if err != nil {
		return false, err
	}
	for {
		row, err := c.Read()
		if errors.Is(err, io.EOF) {
			return label >= 0, nil
		}
		if err != nil {
			return false, csvError(err)
		}
		if slices.Equal(row, head) {
			line, _ := c.FieldPos(path)
			opts.note("line %d repeats the names of the columns and is passed over", line)
			continue
		}
		e := entry{path: row[path]}
		if label >= 0 {
			e.label = strings.TrimSpace(row[label])
		}
		if id >= 0 {
			e.id = row[id]
		}
		if err := e.check(id >= 0); err != nil {
			line, _ := c.FieldPos(path)
			return false, fmt.Errorf("line %d: %w", line, err)
		}
		add(e, id >= 0)
	}
}

// csvError names the line; an end of file where a line should be is an empty
// manifest.
func csvError(err error) error {
	var parse *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("it lists no images")
	case errors.As(err, &parse):
		return fmt.Errorf("line %d: %w", parse.Line, parse.Err)
	}
	return err
}

func (e entry) check(hasID bool) error {
	switch {
	case strings.TrimSpace(e.path) == "":
		return errors.New("the path is empty")
	case hasID && strings.TrimSpace(e.id) == "":
		return errors.New("the ID is empty")
	}
	return nil
}

// column finds one by its name, or else the first of those known.
func column(head []string, name string, known []string) (int, error) {
	if name != "" {
		known = []string{name}
	}
	for _, k := range known {
		if i := slices.IndexFunc(head, func(h string) bool { return strings.TrimSpace(h) == k }); i >= 0 {
			return i, nil
		}
	}
	return -1, fmt.Errorf("none of its columns (%s) is named %s", strings.Join(head, ", "), strings.Join(known, ", "))
}

// optionalColumn is -1 for a column that is missing and was not asked for.
func optionalColumn(head []string, name string, known []string) (int, error) {
	i, err := column(head, name, known)
	if name == "" {
		return i, nil
	}
	return i, err
}

func (m *manifest) Close() error { return nil }

func (m *manifest) load(i, limit int, buf []byte) ([]byte, error) {
	name := m.paths.at(i)
	if !filepath.IsAbs(filepath.FromSlash(name)) {
		name = path.Join(m.folder, name)
	}
	f, err := m.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return loadFile(f, limit, buf)
}
