package labelling

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/url"
	"strings"
)

// Read reads answers in any of the forms that it tells by how the file begins:
//
//   - [ : Label Studio's JSON or JSON-MIN;
//   - { : an object a line, as a batch for labelling in JSON lines;
//   - < : CVAT's XML for images, whose tags are the classes;
//   - else a table, CSV or TSV: Label Studio's, or a batch that was filled in.
//
// A sample's ID is what the file carries as such, and never another field: "sample"
// of a task, "id" of a table that no labelling tool made, "name" of CVAT, or the
// field that the Config names; where a Prefix is said, what follows it in the address
// of the image. In a file of Label Studio "id" is the task's number. The class is the
// answer of the control FromName; in a table it may stand under "label" where nothing
// else can be meant.
//
// An answer that was cancelled, and a prediction, are none. Where one is called the
// ground truth it alone counts. Everything that is no label is in one ProblemsError.
func Read(r io.Reader, c Config) (*Result, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	a := newAnswers(c)
	first, err := firstByte(in)
	if err != nil {
		return nil, errors.New("the file is empty")
	}
	switch first {
	case '[':
		err = a.readArray(in)
	case '{':
		err = a.readLines(in)
	case '<':
		err = a.readCVAT(in)
	default:
		err = a.readTable(in)
	}
	if err != nil {
		return nil, err
	}
	return a.result()
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
