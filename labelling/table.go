package labelling

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// row is a line of a table, or an object of text fields.
type row struct {
	unit    string // "line" or "task"
	number  int    // of it, from 1
	fields  map[string]string
	classes map[string][]string // fields that hold several choices
}

func (r *row) where() string { return fmt.Sprintf("%s %d", r.unit, r.number) }

// annotationFields are those that Label Studio's flat exports add to the fields of a
// task, beside its number under "id".
var annotationFields = []string{"annotator", "annotation_id", "lead_time"}

// objectRow makes a row of an object.
func objectRow(raw json.RawMessage, unit string, number int) (row, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(raw, &object); err != nil {
		return row{}, err
	}
	r := row{unit: unit, number: number, fields: map[string]string{}, classes: map[string][]string{}}
	for name, value := range object {
		r.set(name, plain(value), value)
	}
	return r, nil
}

// set keeps a field; its text or its value may be choices.
func (r *row) set(name, text string, value json.RawMessage) {
	r.fields[name] = text
	var one struct {
		Choices []string `json:"choices"`
	}
	var several []string
	switch {
	case json.Unmarshal(value, &one) == nil && one.Choices != nil:
		r.classes[name] = one.Choices
	case json.Unmarshal(value, &several) == nil && several != nil:
		r.classes[name] = several
	}
}

// answer is the class, or the classes, under a field.
func (r *row) answer(field string) []string {
	if several := r.classes[field]; several != nil {
		return slices.Clone(several)
	}
	return []string{r.fields[field]}
}

// readLines reads an object a line, or one object that is a file of COCO.
func (a *answers) readLines(in io.Reader) error {
	d := json.NewDecoder(in)
	var rows []row
	for n := 1; ; n++ {
		var raw json.RawMessage
		err := d.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return a.rows(rows)
		}
		if err == nil && n == 1 {
			if ok, err := a.readCOCO(raw); ok {
				return err
			}
		}
		var r row
		if err == nil {
			r, err = objectRow(raw, "line", n)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		rows = append(rows, r)
	}
}

// readTable reads CSV; or, where the first line has no comma, what has tabs or
// semicolons there.
func (a *answers) readTable(in *bufio.Reader) error {
	c := csv.NewReader(in)
	head, _ := in.Peek(in.Size())
	line, _, _ := strings.Cut(string(head), "\n")
	if !strings.Contains(line, ",") {
		switch {
		case strings.Contains(line, "\t"):
			c.Comma = '\t'
		case strings.Contains(line, ";"):
			c.Comma = ';'
		}
	}
	header, err := c.Read()
	if err != nil {
		return err
	}
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return fmt.Errorf("the column %q is there twice", name)
		}
	}
	var rows []row
	for {
		cells, err := c.Read()
		if errors.Is(err, io.EOF) {
			return a.rowsOf(header, rows)
		}
		if err != nil {
			return err
		}
		number, _ := c.FieldPos(0)
		r := row{unit: "line", number: number, fields: map[string]string{}, classes: map[string][]string{}}
		if slices.Equal(cells, header) {
			a.problems.add("line %d repeats the names of the columns", number)
			continue
		}
		for i, name := range header {
			r.set(name, cells[i], json.RawMessage(cells[i]))
		}
		rows = append(rows, r)
	}
}

// rows takes the answers of rows, whose fields are all that any of them has.
func (a *answers) rows(rows []row) error {
	var fields []string
	for _, r := range rows {
		for name := range r.fields {
			if !slices.Contains(fields, name) {
				fields = append(fields, name)
			}
		}
	}
	slices.Sort(fields)
	return a.rowsOf(fields, rows)
}

func (a *answers) rowsOf(fields []string, rows []row) error {
	t := table{config: &a.config, fields: fields}
	sample, err := t.sampleField()
	if err != nil {
		return err
	}
	class, err := t.classField()
	if err != nil {
		return err
	}
	if class != a.config.FromName && t.ofLabelStudio() {
		a.notes = append(a.notes, fmt.Sprintf("the answers are taken from %q: there is no %q, and nothing else that could be meant", class, a.config.FromName))
	}
	for _, r := range rows {
		id := r.fields[sample]
		if id == "" && a.config.Sample == "" {
			id = a.config.byAddress(r.fields[a.config.ToName])
		}
		if id == "" {
			a.problems.add("%s does not name its sample: it has no %q", r.where(), sample)
			continue
		}
		said := Annotation{Sample: id, Row: r.number}
		if by := strings.TrimSpace(r.fields["annotator"]); !missing(by) {
			said.Annotator = by
		}
		said.Time = a.time(said, r.fields["time"], r.fields["updated_at"], r.fields["created_at"])
		a.add(said, r.answer(class)...)
	}
	return nil
}

// table finds which field of a flat file is what.
type table struct {
	config *Config
	fields []string
}

func (t *table) has(name string) bool { return slices.Contains(t.fields, name) }

// ofLabelStudio reports whether Label Studio wrote the file, in which "id" is the
// number of a task: it has fields of an annotation, or the control of the project.
func (t *table) ofLabelStudio() bool {
	return slices.ContainsFunc(annotationFields, t.has) && !t.ofBatch() || t.config.FromName != "label" && t.has(t.config.FromName)
}

// batchFields are those of a table that this package writes, with what annotators add.
var batchFields = []string{"rank", "id", "predicted", "confidence", "label", "image", wantedField, "annotator", "time"}

// ofBatch reports whether a table with annotators is one that this package writes. The
// exports of Label Studio have the image, or whatever a task shows, and never a time.
func (t *table) ofBatch() bool {
	foreign := func(name string) bool { return !slices.Contains(batchFields, name) }
	return !slices.ContainsFunc(t.fields, foreign) && (!t.has(t.config.ToName) || t.has("predicted") || t.has("time"))
}

// sampleField is the field of the sample's ID.
func (t *table) sampleField() (string, error) {
	c := t.config
	switch {
	case c.Sample != "" && t.has(c.Sample):
		return c.Sample, nil
	case c.Sample != "":
		return "", fmt.Errorf("its fields are %q, of which none is %q, as --id-field says", t.fields, c.Sample)
	case t.ofLabelStudio() && t.has(sampleKey), t.ofLabelStudio() && c.Prefix != "" && t.has(c.ToName):
		return sampleKey, nil
	case t.ofLabelStudio():
		return "", fmt.Errorf("its fields are %q, of which none is %q, which names the samples (%s); \"id\" is the number of a task",
			t.fields, sampleKey, c.sampleHelp())
	case t.has(sampleKey) && t.has("id"):
		return "", fmt.Errorf("both \"id\" and %q may name the samples: %s", sampleKey, c.help("--id-field says which does", "take out the column that does not"))
	case t.has(sampleKey):
		return sampleKey, nil
	case t.has("id"):
		return "id", nil
	}
	return "", fmt.Errorf("its fields are %q, of which none is \"id\" (%s)", t.fields,
		c.help("--id-field names another", "call the column so that names the samples"))
}

// sampleHelp says what helps where a task does not name its sample.
func (c *Config) sampleHelp() string {
	return c.help(fmt.Sprintf("--id-field names another, --url-prefix takes it from the address of %q", c.ToName),
		"the tasks of label-studio.json in the batch have it: import that file into the project")
}

// classField is the field of the answer.
func (t *table) classField() (string, error) {
	c := t.config
	switch {
	case t.has(c.FromName):
		return c.FromName, nil
	case !t.ofLabelStudio() && t.has("label"):
		return "label", nil
	case !t.ofLabelStudio():
		return "", fmt.Errorf("its fields are %q, of which none is \"label\" or %q (%s)", t.fields, c.FromName,
			c.help("--from-name names another", "call the column with the answers so"))
	}
	known := append(slices.Clone(annotationFields), "created_at", "updated_at", "agreement", "id", "rank", wantedField, sampleKey, c.ToName, c.Sample)
	others := slices.DeleteFunc(slices.Clone(t.fields), func(name string) bool { return slices.Contains(known, name) })
	if slices.Equal(others, []string{"label"}) {
		return "label", nil
	}
	return "", fmt.Errorf("its fields are %q, of which none is the control %q: %s", t.fields, c.FromName,
		c.help("--from-name says which has the answers", "the labelling interface is to call the control so"))
}
