package data

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestReadNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"names.txt":       {"a/1.png\r\n b \n\nc,d\n", "[a/1.png| b |c,d]"},
		"names":           {"x\n", "[x]"},
		"selection.txt":   {`{"schema":"prunefuse.selected/1","rank":1,"id":"a"}` + "\n", "[a]"},
		"selection.jsonl": {`{"schema":"prunefuse.selected/1","rank":1,"index":4,"id":"a b"}` + "\n" + `{"id":7}`, "[a b|7]"},
		"list.jsonl":      {`{"path":"img/a.png","label":3}`, "[img/a.png]"},
		"labels.jsonl":    {`{"path":"img/a.png","label":3,"id":"a.png"}`, "[a.png]"},
		"scores.csv":      {"index,id,label,class,confidence,margin\n0,\"a, \"\"b\"\"\",,1,0.5,0.1\n1,c,,0,0.5,0.1\n", `[a, "b"|c]`},
		"labels.csv":      {"\xef\xbb\xbfpath,label,id\nimg/a.png,cat,a.png\n", "[a.png]"},
		"paths.csv":       {"path,label\nimg/a.png,cat\nimg/b.png,\n", "[img/a.png|img/b.png]"},
		"batch.tsv":       {"rank\tid\tlabel\n1\ta\tcat\n", "[a]"},
		"tasks.json":      {`[{"id":12,"data":{"sample":"a.png","image":"x"}},{"id":13,"sample":"b.png"}]`, "[a.png|b.png]"},
		// A field that only looks like a name is not taken for one.
		"noname.json":   {`[{"id":12,"data":{"image":"/d/a.png"}}]`, `task 1 has no "sample"`},
		"noname.csv":    {"a.png\nb.png\n", "none of its columns (a.png) is named id, path"},
		"noname.jsonl":  {`{"name":"a"}`, "line 1: none of its fields (name) is named id, path"},
		"empty.csv":     {"id,label\n,cat\n", "line 2: it names no sample"},
		"empty.jsonl":   {`{"id":""}`, "line 1: the name is empty"},
		"nothing.txt":   {"\n", "it names no sample"},
		"nothing.csv":   {"", "it names no sample"},
		"nothing.jsonl": {"", "it names no sample"},
		"nothing.json":  {"", "it names no sample"},
		"book.xlsx":     {"PK", "ends in .txt, .csv, .tsv, .jsonl, .json or .parquet, not in .xlsx"},
		"labels.npy":    {"\x93NUMPY", "not in .npy"},
		"short.parquet": {"PAR1", "short.parquet: "},
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(c.text), 0o666); err != nil {
			t.Fatal(err)
		}
		names, err := ReadNames(path)
		got := "[" + strings.Join(names, "|") + "]"
		if err != nil {
			got = err.Error()
		}
		if got != c.want && (err == nil || !strings.Contains(got, c.want)) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := WriteNPY(path, []int{5, 2}, make([]float32, 10)); err != nil {
		t.Fatal(err)
	}
	set, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = Close(set) }()
	list := func(ids ...int) string {
		if ids == nil {
			return ""
		}
		var text strings.Builder
		for _, i := range ids {
			if i < set.Len() {
				text.WriteString(set.ID(i) + "\n")
			} else {
				fmt.Fprintf(&text, "nobody-%d\n", i)
			}
		}
		path := filepath.Join(t.TempDir(), "names.txt")
		if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		only, exclude []int
		want          string
	}{
		{nil, nil, "[0 1 2 3 4]"},
		{[]int{3, 1, 1}, nil, "[1 3]"},
		{nil, []int{0, 4}, "[1 2 3]"},
		{[]int{0, 1}, []int{1, 2}, "[0]"},
		{[]int{1}, []int{1}, "no sample is left"},
		{nil, []int{}, "[0 1 2 3 4]"},
		{[]int{3, 1}, []int{}, "[1 3]"},
		{[]int{}, nil, "it names no sample"},
		{[]int{1, 9}, nil, `the data has no sample "nobody-9"`},
		{nil, []int{7, 1, 8}, `the data has no sample "nobody-7", nor 1 more of the 3 that are named`},
	} {
		got, err := Select(set, list(c.only...), list(c.exclude...))
		var at []int
		if err == nil {
			for i := range got.Len() {
				at = append(at, slices.IndexFunc([]int{0, 1, 2, 3, 4}, func(k int) bool { return set.ID(k) == got.ID(i) }))
			}
		}
		if text := fmt.Sprint(at); err == nil && text != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("only %v, exclude %v: %v, %v, want %s", c.only, c.exclude, at, err, c.want)
		}
	}
}

func FuzzReadNames(f *testing.F) {
	for _, ending := range []string{".txt", ".csv", ".jsonl", ".json", ".parquet"} {
		f.Add(ending, []byte("id,label\na,b\n"))
	}
	f.Fuzz(func(t *testing.T, ending string, text []byte) {
		path := filepath.Join(t.TempDir(), "names.csv")
		if slices.Contains([]string{".txt", ".csv", ".tsv", ".jsonl", ".json", ".parquet"}, ending) {
			path = filepath.Join(t.TempDir(), "names"+ending)
		}
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		if names, err := ReadNames(path); err == nil && slices.Contains(names, "") {
			t.Errorf("%s: a name is empty", ending)
		}
	})
}
