package labelling

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// annotated is a task of Label Studio's JSON.
type annotated struct {
	ID          json.RawMessage            `json:"id"`
	Data        map[string]json.RawMessage `json:"data"`
	Annotations []annotation               `json:"annotations"`
}

type annotation struct {
	Cancelled   bool            `json:"was_cancelled"`
	Truth       bool            `json:"ground_truth"`
	CompletedBy json.RawMessage `json:"completed_by"`
	Created     string          `json:"created_at"`
	Updated     string          `json:"updated_at"`
	Result      []result        `json:"result"`
}

// readArray reads Label Studio's JSON, whose tasks have "data", or its JSON-MIN.
func (a *answers) readArray(in io.Reader) error {
	d := json.NewDecoder(in)
	if _, err := d.Token(); err != nil {
		return err
	}
	var tasks []annotated
	var rows []row
	for n := 1; d.More(); n++ {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return fmt.Errorf("task %d: %w", n, err)
		}
		var t annotated
		if err := json.Unmarshal(raw, &t); err == nil && t.Data != nil {
			tasks = append(tasks, t)
			continue
		}
		r, err := objectRow(raw, "task", n)
		if err != nil {
			return fmt.Errorf("task %d: %w", n, err)
		}
		rows = append(rows, r)
	}
	if _, err := d.Token(); err != nil {
		return err
	}
	if tasks != nil && rows != nil {
		return fmt.Errorf("%d of its %d tasks have no \"data\": it is of no one form", len(rows), len(rows)+len(tasks))
	}
	if tasks != nil {
		a.tasks(tasks)
		return nil
	}
	return a.rows(rows)
}

// tasks takes the answers of a project.
func (a *answers) tasks(tasks []annotated) {
	beside := a.besideControl(tasks)
	for n, t := range tasks {
		id := a.taskSample(t)
		if id == "" {
			field := sampleKey
			if a.config.Sample != "" {
				field = a.config.Sample
			}
			a.problems.add("task %d (id %s) does not name its sample: its data %s have no %q (%s)",
				n+1, t.ID, fieldNames(t.Data), field, a.config.sampleHelp())
			continue
		}
		a.sample(a.named(id))
		for _, got := range t.Annotations {
			said := Annotation{Sample: id, Annotator: annotatorOf(got.CompletedBy), Truth: got.Truth, Row: n + 1}
			said.Time = a.time(said, got.Updated, got.Created)
			if got.Cancelled { // by the button Skip
				said.Skip = true
				a.add(said)
				continue
			}
			classes, others := a.choices(got)
			others = slices.DeleteFunc(others, func(name string) bool { return beside[name] })
			if len(classes) == 0 && len(others) > 0 {
				a.problems.add("%s: its answer is of the control %q, and there is none of %q (%s)", id, others[0], a.config.FromName,
					a.config.help("--from-name", "the labelling interface is to call the control so"))
				continue
			}
			a.add(said, classes...)
		}
	}
}

// taskSample is the sample of a task.
func (a *answers) taskSample(t annotated) string {
	field := a.config.Sample
	if field == "" {
		field = sampleKey
	}
	if id := plain(t.Data[field]); id != "" || a.config.Sample != "" {
		return id
	}
	return a.config.byAddress(plain(t.Data[a.config.ToName]))
}

// choices are the classes that an annotation gives, and the other controls with
// choices that it answers.
func (a *answers) choices(got annotation) (classes, others []string) {
	for _, r := range got.Result {
		switch {
		case r.Type != choices:
		case r.FromName == a.config.FromName:
			classes = append(classes, r.Value.Choices...)
		default:
			others = append(others, r.FromName)
		}
	}
	return classes, others
}

// besideControl are the controls that somebody answered together with the one that
// counts: an answer of theirs alone leaves that open.
func (a *answers) besideControl(tasks []annotated) map[string]bool {
	out := map[string]bool{}
	for _, t := range tasks {
		for _, got := range t.Annotations {
			if classes, others := a.choices(got); len(classes) > 0 {
				for _, name := range others {
					out[name] = true
				}
			}
		}
	}
	return out
}

// fieldNames lists the fields of an object.
func fieldNames[V any](fields map[string]V) string {
	var names []string
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return "(" + strings.Join(names, ", ") + ")"
}

// plain is the text of a string or a number.
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
