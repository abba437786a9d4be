package labelling

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"strings"
)

// Read reads answers in any of the forms that it tells by how the file begins:
//
//   - [ : Label Studio's JSON or JSON-MIN;
//   - { : an object a line, as a batch for labelling in JSON lines; or one object with
//     images, annotations and categories, as COCO has them;
//   - < : CVAT's XML for images, whose tags are the classes;
//   - else a table, CSV or TSV: Label Studio's, or a batch that was filled in.
//
// A sample's ID is what the file carries as such, and never another field: "sample"
// of a task, "id" of a table that no labelling tool made, "name" of CVAT, "file_name"
// of COCO, or the field that the Config names; where a Prefix is said, what follows it in the address
// of the image. In a file of Label Studio "id" is the task's number. The class is the
// answer of the control FromName; in a table it may stand under "label" where nothing
// else can be meant.
//
// A prediction is no answer. One that was cancelled, or that is the word Skip of the
// Config, says that the sample cannot be labelled. Where one is called the
// ground truth it alone counts. Everything that is no label is in one ProblemsError.
func Read(r io.Reader, c Config) (*Result, error) {
	a := newAnswers(c)
	if err := a.read(r); err != nil {
		return nil, err
	}
	return a.result()
}

// ReadFiles reads the answers of several files, in any of the forms of Read. Answers
// of different files for one sample stand beside each other as those of one file do.
func ReadFiles(paths []string, c Config) (*Result, error) {
	a := newAnswers(c)
	a.several = len(paths) > 1
	for _, path := range paths {
		err := a.readFile(path)
		if open := (*fs.PathError)(nil); errors.As(err, &open) {
			err = open.Err
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	r, err := a.result()
	if err != nil && len(paths) == 1 {
		err = fmt.Errorf("%s: %w", paths[0], err)
	}
	return r, err
}

func (a *answers) readFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	before := len(a.problems)
	a.file = path
	err = a.read(f)
	for i := range a.problems[before:] {
		a.problems[before+i] = a.prefix(path) + a.problems[before+i]
	}
	return err
}

func (a *answers) read(r io.Reader) error {
	in := bufio.NewReaderSize(r, 1<<16)
	first, err := firstByte(in)
	if err != nil {
		return errors.New("the file is empty")
	}
	switch first {
	case '[':
		return a.readArray(in)
	case '{':
		return a.readLines(in)
	case '<':
		return a.readCVAT(in)
	}
	return a.readTable(in)
}

// firstByte looks at the first that is no space.
func firstByte(in *bufio.Reader) (byte, error) {
	if mark, _ := in.Peek(3); string(mark) == "\ufeff" {
		_, _ = in.Discard(3)
	}
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if !bytes.ContainsRune([]byte(" \t\r\n"), rune(b)) {
			return b, in.UnreadByte()
		}
	}
}

// byAddress is the sample whose image has an address, "" where no Prefix says so.
func (c *Config) byAddress(address string) string {
	rest, ok := strings.CutPrefix(address, c.Prefix)
	if c.Prefix == "" || !ok {
		return ""
	}
	id, err := url.PathUnescape(rest)
	if err != nil {
		return ""
	}
	return id
}
