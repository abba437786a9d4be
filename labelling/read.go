package labelling

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
)

// Label is what somebody said of a sample.
type Label struct{ ID, Class string }

// Read reads labels in any of the forms that it tells by the content: Label
// Studio's JSON, JSON_MIN and CSV, or objects or a table with "id" and "label".
// Samples without a label are counted. Where a sample was labelled several
// times the last one holds.
func Read(r io.Reader, c Config) (labels []Label, unlabelled int, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	l := &reader{config: c, at: map[string]int{}}
	switch first, err := firstByte(in); {
	case err != nil:
		return nil, 0, errors.New("the file is empty")
	case first == '[':
		err = l.array(in)
		return l.labels, l.unlabelled, err
	case first == '{':
		err = l.lines(in)
		return l.labels, l.unlabelled, err
	}
	err = l.table(in)
	return l.labels, l.unlabelled, err
}

// firstByte looks at the first that is no space.
func firstByte(in *bufio.Reader) (byte, error) {
	for {
		b, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if !bytes.ContainsRune([]byte(" \t\r\n\ufeff"), rune(b)) && b < 0x80 {
			return b, in.UnreadByte()
		}
	}
}

type reader struct {
	config     Config
	labels     []Label
	at         map[string]int // where in labels, by ID
	unlabelled int
}

func (l *reader) add(id, class string) {
	switch i, again := l.at[id]; {
	case class == "":
		l.unlabelled++
	case again:
		l.labels[i].Class = class
	default:
		l.at[id] = len(l.labels)
		l.labels = append(l.labels, Label{id, class})
	}
}

// array reads Label Studio's JSON or JSON_MIN.
func (l *reader) array(in io.Reader) error {
	d := json.NewDecoder(in)
	if _, err := d.Token(); err != nil {
		return err
	}
	for n := 1; d.More(); n++ {
		var fields map[string]json.RawMessage
		err := d.Decode(&fields)
		if err == nil {
			err = l.object(fields)
		}
		if err != nil {
			return fmt.Errorf("task %d: %w", n, err)
		}
	}
	_, err := d.Token()
	return err
}

func (l *reader) object(fields map[string]json.RawMessage) error {
	if fields["data"] != nil {
		return l.task(fields)
	}
	values := map[string]string{}
	for name, raw := range fields {
		values[name] = plain(raw)
	}
	return l.row(values)
}

// task reads a task with its annotations.
func (l *reader) task(fields map[string]json.RawMessage) error {
	var data map[string]json.RawMessage
	if err := json.Unmarshal(fields["data"], &data); err != nil {
		return fmt.Errorf("data: %w", err)
	}
	values := map[string]string{}
	for name, raw := range data {
		values[name] = plain(raw)
	}
	id, err := l.id(values)
	if err != nil {
		return err
	}
	var annotations []struct {
		Cancelled bool     `json:"was_cancelled"`
		Result    []result `json:"result"`
	}
	if raw := fields["annotations"]; raw != nil {
		if err := json.Unmarshal(raw, &annotations); err != nil {
			return fmt.Errorf("annotations of %s: %w", id, err)
		}
	}
	class := ""
	for _, a := range annotations {
		for _, r := range a.Result {
			if a.Cancelled || r.Type != choices || r.FromName != l.config.FromName {
				continue
			}
			if len(r.Value.Choices) != 1 {
				return fmt.Errorf("%s has %d classes: %q", id, len(r.Value.Choices), r.Value.Choices)
			}
			class = r.Value.Choices[0]
		}
	}
	l.add(id, class)
	return nil
}

// plain is the text of a string or a number, or of the one choice that an
// object or a list has.
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var n json.Number
	if json.Unmarshal(raw, &n) == nil {
		return n.String()
	}
	return ""
}

// id is the sample of a task or a row: by our own field, else by the address of
// its image.
func (l *reader) id(values map[string]string) (string, error) {
	if id := values[sampleKey]; id != "" {
		return id, nil
	}
	address, ok := strings.CutPrefix(values[l.config.ToName], l.config.Prefix)
	if !ok || address == "" {
		return "", fmt.Errorf("it has no %q, and no %q that begins with %q", sampleKey, l.config.ToName, l.config.Prefix)
	}
	return url.PathUnescape(address)
}

// row reads fields by name: those of Label Studio's flat exports, or id and
// label.
func (l *reader) row(values map[string]string) error {
	if class, ok := values[l.config.FromName]; ok {
		id, err := l.id(values)
		if err != nil {
			return err
		}
		l.add(id, class)
		return nil
	}
	class, labelled := values["label"]
	switch {
	case !labelled && values[sampleKey] != "":
		l.unlabelled++ // a task that nobody has answered
	case values["id"] == "":
		return errors.New(`it has no "id"`)
	case !labelled:
		return fmt.Errorf(`%s has no "label", nor %q`, values["id"], l.config.FromName)
	default:
		l.add(values["id"], class)
	}
	return nil
}

// lines reads an object a line.
func (l *reader) lines(in io.Reader) error {
	d := json.NewDecoder(in)
	for n := 1; ; n++ {
		var fields map[string]json.RawMessage
		err := d.Decode(&fields)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = l.object(fields)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
}

// table reads CSV.
func (l *reader) table(in io.Reader) error {
	rows := csv.NewReader(in)
	header, err := rows.Read()
	if err != nil {
		return err
	}
	if !slices.Contains(header, "label") && !slices.Contains(header, l.config.FromName) {
		return fmt.Errorf("its columns are %q, of which none is \"label\" or %q", header, l.config.FromName)
	}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		values := map[string]string{}
		for i, name := range header {
			values[name] = row[i]
		}
		if err := l.row(values); err != nil {
			line, _ := rows.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}
