package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	animals := Classes{Names: []string{"cat", "dog", "eel"}, Count: 3}
	named := func(names ...string) Classes { return Classes{Names: names, Count: len(names)} }
	count := func(n int) Classes { return Classes{Count: n} }
	for _, c := range []struct {
		about      string
		model, set Classes
		want       Mapping
		errs       []string
	}{
		{"the same names", animals, named("cat", "dog", "eel"), nil, nil},
		{"another order", animals, named("eel", "cat", "dog"), Mapping{2, 0, 1}, nil},
		{"a subset", animals, named("dog", "eel"), Mapping{1, 2}, nil},
		{"a subset in another order", animals, named("eel", "cat"), Mapping{2, 0}, nil},
		{"a prefix", animals, named("cat", "dog"), nil, nil},
		{"an unknown name", animals, named("cat", "wolf"), nil, []string{`no class "wolf"`, `"cat", "wolf"`, `"cat", "dog", "eel"`, "--classes"}},
		{"other spelling", animals, named("Cat"), nil, []string{`no class "Cat"`}},
		{"numbers against names", animals, count(3), nil, nil},
		{"fewer numbers", animals, count(1), nil, nil},
		{"too high a number", animals, count(4), nil, []string{"label 3 out of range of the model's 3 outputs", `"cat", "dog", "eel"`}},
		{"no labels", animals, Classes{}, nil, nil},
		{"names against numbers", count(3), animals, nil, nil},
		{"fewer names than outputs", count(5), animals, nil, []string{"3 classes for 5 outputs", "--classes"}},
		{"more names than outputs", count(2), animals, nil, []string{"3 classes for 2 outputs"}},
		{"numbers against a count", count(2), count(3), nil, []string{"label 2 out of range"}},
		{"names that are numbers", count(5), named("0", "12", "3"), nil, []string{`"12" is no number of the model's 5 outputs`, "--classes"}},
		{"as many numbers as outputs, one beyond them", count(3), named("0", "2", "10"), nil, []string{`"10" is no number`}},
		{"numbers from 1", count(3), named("1", "2", "3"), nil, []string{`"3" is no number`, "--classes"}},
		{"all numbers in another order", count(3), named("2", "0", "1"), Mapping{2, 0, 1}, nil},
		{"a number twice", count(3), named("1", "01"), nil, []string{"two classes of the data are number 1"}},
		{"names that are numbers in range", count(13), named("0", "12", "3"), Mapping{0, 12, 3}, nil},
		{"outputs that are not known", Classes{}, animals, nil, nil},
		{"names that are not as many as outputs", Classes{Names: []string{"a"}, Count: 2}, named("a"), nil, []string{"1 names for 2 outputs"}},
		{"a name of two outputs", named("crane", "dog", "crane"), named("crane"), nil, []string{`two outputs of the model are named "crane"`}},
		{"the same list, with a name twice", named("crane", "dog", "crane"), named("crane", "dog", "crane"), nil, nil},
	} {
		m, err := Match(c.model, c.set)
		if len(c.errs) > 0 {
			wantError(t, err, c.errs...)
			continue
		}
		if err != nil || !slices.Equal(m, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.about, m, err, c.want)
		}
	}
}

func TestMatched(t *testing.T) {
	t.Parallel()
	set, err := WithLabels(small(3, "s", nil), []int{0, -1, 1}, []string{"eel", "cat"})
	if err != nil {
		t.Fatal(err)
	}
	model := Classes{Names: []string{"cat", "dog", "eel"}, Count: 3}
	got, err := Matched(set, model)
	if err != nil {
		t.Fatal(err)
	}
	if labels := []int{got.Label(0), got.Label(1), got.Label(2)}; !slices.Equal(labels, []int{2, -1, 0}) || !slices.Equal(got.Classes(), model.Names) {
		t.Errorf("labels %v of classes %q", labels, got.Classes())
	}
	// A model without names takes those of the set.
	if got, err = Matched(set, Classes{Count: 2}); err != nil || !slices.Equal(got.Classes(), []string{"eel", "cat"}) {
		t.Errorf("classes %q, %v", got.Classes(), err)
	}
	numbered := small(3, "n", nil)
	if got, err = Matched(numbered, model); err != nil || !slices.Equal(got.Classes(), model.Names) || got.Label(2) != 2 {
		t.Errorf("numbers: classes %v, %v", got, err)
	}
	_, err = Matched(numbered, Classes{Count: 2})
	wantError(t, err, "sample n/2", "label 2 out of range of the model's 2 outputs")
}

func TestJoin(t *testing.T) {
	t.Parallel()
	with := func(name string, labels []int, classes ...string) Set {
		set, err := WithLabels(small(len(labels), name, nil), labels, classes)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	for _, c := range []struct {
		sets   []Set
		names  []string
		labels []int
	}{
		{[]Set{with("a", []int{0, 1}, "cat", "eel"), with("b", []int{0}, "dog")}, []string{"cat", "dog", "eel"}, []int{0, 2, 1}},
		{[]Set{with("a", []int{0, 1}, "eel", "cat"), with("b", []int{0, 1}, "cat", "dog")}, []string{"eel", "cat", "dog"}, []int{0, 1, 1, 2}},
		{[]Set{with("a", []int{0, 1}, "cat", "eel"), with("b", []int{-1})}, []string{"cat", "eel"}, []int{0, 1, -1}},
		{[]Set{with("a", []int{0, 3}), with("b", []int{1})}, nil, []int{0, 3, 1}},
	} {
		set, err := Join(c.sets...)
		if err != nil {
			t.Error(err)
			continue
		}
		var labels []int
		for i := range set.Len() {
			labels = append(labels, set.Label(i))
		}
		if !slices.Equal(set.Classes(), c.names) || !slices.Equal(labels, c.labels) {
			t.Errorf("%q with labels %v, want %q with %v", set.Classes(), labels, c.names, c.labels)
		}
	}
	_, err := Join(with("a", []int{0}, "cat"), with("b", []int{2}))
	wantError(t, err, `names its classes "cat"`, "numbers 3 of them")
}

func TestParseClasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, text := range []string{
		"cat,dog,sea eel", "cat, dog, sea eel",
		file("lines.txt", "\ufeffcat\r\ndog\r\nsea eel\r\n"), file("list.json", ` ["cat", "dog", "sea eel"]`),
	} {
		names, err := ParseClasses(text)
		if err != nil || !slices.Equal(names, []string{"cat", "dog", "sea eel"}) {
			t.Errorf("%s: %q, %v", text, names, err)
		}
	}
	for text, want := range map[string]string{
		"cat,,dog": "class 1 has an empty name", "nosuch.txt": "want names with commas between them",
		file("gap.txt", "cat\n\ndog\n"): "class 1 has an empty name", file("broken.json", "[1]"): "broken.json",
	} {
		_, err := ParseClasses(text)
		wantError(t, err, want)
	}
}

func TestClassesNumberAndName(t *testing.T) {
	t.Parallel()
	named, counted := Classes{Names: []string{"cat", "7"}, Count: 2}, Classes{Count: 13}
	for _, c := range []struct {
		of          Classes
		class, want string // a number, or words of the error
	}{
		{named, "cat", "0"},
		{named, "7", "1"},
		{named, "0", `class "0" is none of "cat", "7"`},
		{named, "Cat", "is none of"},
		{counted, "0", "0"},
		{counted, "12", "12"},
		{counted, "3.0", "3"},
		{counted, "1.2e+01", "12"}, // as numpy.savetxt writes
		{counted, "13", "beyond the 13 classes"},
		{counted, "cat", "--classes"},
		{counted, "1.5", "no number"},
		{counted, "-2", "no number"},
		{counted, "NaN", "no number"},
		{Classes{}, "99999999999", "no number"},
	} {
		n, err := c.of.Number(c.class)
		got := fmt.Sprint(n)
		if err != nil {
			got = err.Error()
		}
		if err == nil && got != c.want || !strings.Contains(got, c.want) {
			t.Errorf("the number of %q in %v: %s, want %s", c.class, c.of, got, c.want)
		}
	}
	for class, want := range map[int]string{0: "cat", 1: "7", 2: "none of the 2", -1: "none of"} {
		got, err := named.Name(class)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) {
			t.Errorf("the name of %d: %s, want %s", class, got, want)
		}
	}
	if got, err := (Classes{}).Name(12); err != nil || got != "12" {
		t.Errorf("without names the name of 12 is %q (%v)", got, err)
	}
}
