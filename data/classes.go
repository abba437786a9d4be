package data

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/spelling"
)

// Classes says which classes a model or a set tells apart: by name, in the order
// of their numbers, or only how many there are. The zero value says neither.
type Classes struct {
	Names []string
	Count int // of a model its outputs, of a set its highest label and one; 0 where it is not known
}

// ClassesOf returns the classes of a set. Of a set without names it counts those
// up to the highest label.
func ClassesOf(s Set) Classes {
	if names := s.Classes(); names != nil {
		return Classes{Names: names, Count: len(names)}
	}
	var c Classes
	for i := range s.Len() {
		c.Count = max(c.Count, s.Label(i)+1)
	}
	return c
}

// ParseClasses reads names that are separated by commas, or those in the file
// that text names: one a line, or a list in JSON.
func ParseClasses(text string) ([]string, error) {
	content, err := os.ReadFile(text)
	switch {
	case err == nil && bytes.HasPrefix(bytes.TrimSpace(content), []byte("[")):
		var names []string
		if err := json.Unmarshal(content, &names); err != nil {
			return nil, fmt.Errorf("read classes %s: %w", text, err)
		}
		return cleanNames(names)
	case err == nil:
		content = bytes.TrimPrefix(content, byteOrderMark)
		names := strings.Split(strings.TrimRight(string(content), "\r\n"), "\n")
		names, err = cleanNames(names)
		if err != nil {
			return nil, fmt.Errorf("read classes %s: %w", text, err)
		}
		return names, nil
	case !strings.Contains(text, ","):
		return nil, fmt.Errorf("classes %q: want names with commas between them, or a file with one a line: %w", text, bare(err, text))
	}
	return cleanNames(strings.Split(text, ","))
}

// cleanNames spells names as they are compared, and refuses empty ones.
func cleanNames(names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, errors.New("there are no names of classes")
	}
	for i, name := range names {
		if names[i] = spelling.Composed(strings.TrimSpace(name)); names[i] == "" {
			return nil, fmt.Errorf("class %d has an empty name", i)
		}
	}
	return names, nil
}

// String lists the names, or says how many classes there are.
func (c Classes) String() string {
	switch {
	case len(c.Names) > 0:
		return quoted(c.Names)
	case c.Count > 0:
		return fmt.Sprintf("%d without names", c.Count)
	}
	return "not known"
}

// listed is how many names of a long list stand in a message.
const listed = 20

func quoted(names []string) string {
	var b strings.Builder
	for i, name := range names {
		if i == listed {
			fmt.Fprintf(&b, ", … (%d in all)", len(names))
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(name))
	}
	return b.String()
}

// Mapping takes the labels of a set to the outputs of a model. A nil mapping
// leaves them as they are.
type Mapping []int

// Label maps one label; a sample without a label stays one.
func (m Mapping) Label(label int) int {
	if m == nil || label < 0 {
		return label
	}
	return m[label]
}

// identity reports whether the mapping changes nothing.
func (m Mapping) identity() bool {
	for i, to := range m {
		if i != to {
			return false
		}
	}
	return true
}

// A MismatchError says why the classes of a set do not fit those of a model.
type MismatchError struct {
	Model, Set Classes
	Reason     string
	Help       string // what decides: flags of the command line
}

func (e *MismatchError) Error() string {
	text := e.Reason
	if len(e.Set.Names)+len(e.Model.Names) > 0 {
		text += fmt.Sprintf(": the classes of the data are %v; those of the model are %v", e.Set, e.Model)
	}
	if e.Help != "" {
		text += "; " + e.Help
	}
	return text
}

const (
	helpNames = "--classes names the model's outputs in order"
	helpDrop  = "--labels none takes the samples without labels"
	helpHead  = "train --new-head gives the model a last layer for the data's classes"
)

// Match finds the output of a model that each class of a set stands for. Where
// both have names it goes by these, in any order; the set may lack classes of the
// model. Where one has none it goes by number, and the numbers have to fit. In a
// set whose classes are named by numbers, as "0" and "12", these are the numbers.
//
// Whatever else there is fails with a [*MismatchError], which tells both lists: a
// name that the model does not have, a number beyond its outputs, fewer names
// than the outputs of a model that has none.
func Match(model, set Classes) (Mapping, error) {
	fail := func(help, format string, args ...any) (Mapping, error) {
		return nil, &MismatchError{model, set, fmt.Sprintf(format, args...), help}
	}
	if n := len(model.Names); n > 0 && model.Count > 0 && n != model.Count {
		return fail(helpNames, "the model has %d names for %d outputs", n, model.Count)
	}
	outputs := max(model.Count, len(model.Names))
	switch {
	case len(set.Names) == 0 && outputs > 0 && set.Count > outputs:
		return fail(helpHead, "label %d out of range of the model's %d outputs", set.Count-1, outputs)
	case len(set.Names) == 0 || outputs == 0:
		return nil, nil
	case len(model.Names) > 0:
		return matchNames(model, set)
	}
	if m, numbered := numbers(set.Names); numbered {
		for i, n := range m {
			switch {
			case n >= outputs:
				return fail(helpNames, "the data's class %q is no number of the model's %d outputs, which begin at 0", set.Names[i], outputs)
			case slices.Contains(m[:i], n):
				return fail(helpNames, "two classes of the data are number %d", n)
			}
		}
		if m.identity() {
			return nil, nil
		}
		return m, nil
	}
	if len(set.Names) == outputs {
		return nil, nil
	}
	return fail(helpNames+", "+helpHead+", "+helpDrop, "%d classes for %d outputs that have no names", len(set.Names), outputs)
}

// Number returns the number of one class, which is told by its name or, where there
// are no names, by its number: 3, or the 3.0 that a table made of it.
func (c Classes) Number(class string) (int, error) {
	if len(c.Names) > 0 {
		if i := slices.Index(c.Names, spelling.Composed(class)); i >= 0 {
			return i, nil
		}
		return 0, fmt.Errorf("class %q is none of %v", class, c)
	}
	n, ok := classNumber(class)
	switch {
	case !ok:
		return 0, fmt.Errorf("class %q is no number, and the classes have no names; %s", class, helpNames)
	case c.Count > 0 && int(n) >= c.Count:
		return 0, fmt.Errorf("class %d is beyond the %d classes, which begin at 0", n, c.Count)
	}
	return int(n), nil
}

// Name returns the name of a class, its number in digits where there are no names.
func (c Classes) Name(class int) (string, error) {
	switch n := max(c.Count, len(c.Names)); {
	case class < 0 || n > 0 && class >= n:
		return "", fmt.Errorf("class %d is none of the %d: %v", class, n, c)
	case len(c.Names) == 0:
		return strconv.Itoa(class), nil
	}
	return c.Names[class], nil
}

// matchNames goes by the names that both have.
func matchNames(model, set Classes) (Mapping, error) {
	if slices.Equal(model.Names, set.Names) {
		return nil, nil
	}
	at := make(map[string]int, len(model.Names))
	twice := map[string]bool{}
	for i, name := range model.Names {
		if _, there := at[name]; there {
			twice[name] = true
		}
		at[name] = i
	}
	m := make(Mapping, len(set.Names))
	var unknown []string
	for i, name := range set.Names {
		to, ok := at[name]
		switch {
		case !ok:
			unknown = append(unknown, name)
		case twice[name]:
			return nil, &MismatchError{model, set, fmt.Sprintf("two outputs of the model are named %q", name), helpNames}
		}
		m[i] = to
	}
	if unknown != nil {
		return nil, &MismatchError{model, set, "the model has no class " + quoted(unknown), helpNames + ", " + helpHead + ", " + helpDrop}
	}
	if m.identity() {
		return nil, nil
	}
	return m, nil
}

// numbers reads names that are all numbers, as those of the outputs are.
func numbers(names []string) (m Mapping, numbered bool) {
	m = make(Mapping, len(names))
	for i, name := range names {
		n, ok := classNumber(name)
		if !ok {
			return nil, false
		}
		m[i] = int(n)
	}
	return m, true
}

// Same fails where two models do not tell the same classes apart, in the same
// order: one that learns what the other answers, a pruned one and the one it goes
// back into.
func Same(a, b Classes) error {
	switch {
	case len(a.Names) > 0 && len(b.Names) > 0 && !slices.Equal(a.Names, b.Names):
		return fmt.Errorf("the classes differ: %v, and %v", a, b)
	case a.Count > 0 && b.Count > 0 && a.Count != b.Count:
		return fmt.Errorf("the numbers of classes differ: %v, and %v", a, b)
	}
	return nil
}

// Matched returns a set whose labels are the numbers of the model's outputs, and
// its classes the model's. A model without names takes those of the set, where
// there are as many.
func Matched(s Set, model Classes) (Set, error) {
	own := ClassesOf(s)
	m, err := Match(model, own)
	if err != nil {
		if i := highestLabel(s); len(own.Names) == 0 && i >= 0 {
			err = fmt.Errorf("sample %s: %w", s.ID(i), err)
		}
		return nil, err
	}
	names := model.Names
	if len(names) == 0 && m == nil && (model.Count == 0 || len(own.Names) == model.Count) {
		names = own.Names
	}
	if m == nil && slices.Equal(names, own.Names) {
		return s, nil
	}
	return &matched{s, m, names}, nil
}

// highestLabel is the first sample with the highest label, -1 where none has one.
func highestLabel(s Set) int {
	at, highest := -1, -1
	for i := range s.Len() {
		if l := s.Label(i); l > highest {
			at, highest = i, l
		}
	}
	return at
}

type matched struct {
	Set
	mapping Mapping
	names   []string
}

func (m *matched) Label(i int) int   { return m.mapping.Label(m.Set.Label(i)) }
func (m *matched) Classes() []string { return m.names }
func (m *matched) Close() error      { return Close(m.Set) }
