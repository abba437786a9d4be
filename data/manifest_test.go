package data

import (
	"bufio"
	"bytes"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// imagesFor writes three grey images of one pixel: 1, 2 and 3.
func imagesFor(t testing.TB, dir string) {
	t.Helper()
	for name, v := range map[string]byte{"img/a.png": 1, "img/b.png": 2, "c.png": 3} {
		put(t, dir, name, pngBytes(t, greyImage(1, 1, v)))
	}
}

type wantSample struct {
	id    string
	label int
	pixel byte
}

func wantSamples(t *testing.T, set Set, classes []string, want ...wantSample) {
	t.Helper()
	if set.Len() != len(want) || !slices.Equal(set.Classes(), classes) {
		t.Fatalf("%d samples in the classes %q, want %d in %q", set.Len(), set.Classes(), len(want), classes)
	}
	for i, w := range want {
		if set.ID(i) != w.id || set.Label(i) != w.label {
			t.Errorf("sample %d: %s with label %d, want %s with %d", i, set.ID(i), set.Label(i), w.id, w.label)
		}
		wantBytes(t, set, i, []byte{w.pixel})
	}
}

func TestManifests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	imagesFor(t, dir)
	abs := filepath.ToSlash(filepath.Join(dir, "c.png"))
	for name, c := range map[string]struct {
		content string
		opts    Options
		classes []string
		want    []wantSample
	}{
		"numbers.csv": {
			"path,label\nimg/b.png,3\nc.png,\nimg/a.png,-1\n",
			Options{},
			nil,
			[]wantSample{{"img/b.png", 3, 2}, {"c.png", -1, 3}, {"img/a.png", -1, 1}},
		},
		"gaps.csv": { // as pandas writes a column with gaps
			"path,label\nimg/b.png,3.0\nc.png,\n",
			Options{},
			nil,
			[]wantSample{{"img/b.png", 3, 2}, {"c.png", -1, 3}},
		},
		"names.csv": {
			"\xef\xbb\xbffile_name,class,id\r\nimg/b.png,\"dog, big\",7\r\nimg/a.png,cat,8\r\n",
			Options{},
			[]string{"cat", "dog, big"},
			[]wantSample{{"7", 1, 2}, {"8", 0, 1}},
		},
		"columns.tsv": {
			"id\tpath\tp\tl\ti\n1\tx\tc.png\tcat\tz\n",
			Options{PathColumn: "p", LabelColumn: "l", IDColumn: "i"},
			[]string{"cat"},
			[]wantSample{{"z", 0, 3}},
		},
		"x.jsonl": {
			`{"file_name": "c.png", "label": 1}` + "\n\n" + `{"file_name": "img/a.png", "label": null, "more": [1]}`,
			Options{},
			nil,
			[]wantSample{{"c.png", 1, 3}, {"img/a.png", -1, 1}},
		},
		"id.ndjson": {
			`{"path": "c.png", "id": 12, "target": "cat"}`,
			Options{},
			[]string{"cat"},
			[]wantSample{{"12", 0, 3}},
		},
		"paths.txt": {
			"img/a.png\n\n" + abs + "\n",
			Options{},
			nil,
			[]wantSample{{"img/a.png", -1, 1}, {abs, -1, 3}},
		},
	} {
		set := mustOpen(t, put(t, dir, name, []byte(c.content)), c.opts)
		t.Run(name, func(t *testing.T) { wantSamples(t, set, c.classes, c.want...) })
	}
}

func TestManifestOnStdin(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	imagesFor(t, dir)
	for _, content := range []string{"c.png\n", "path,label\nc.png,\n", "label\tpath\n\tc.png\n", `{"path": "c.png"}`} {
		set := mustOpen(t, "-", Options{Stdin: strings.NewReader(content)})
		wantSamples(t, set, nil, wantSample{"c.png", -1, 3})
	}
	_, err := Open("-", Options{})
	wantError(t, err, "standard input")
	_, err = Open("-", Options{Stdin: strings.NewReader("")})
	wantError(t, err, "open data -", "no images")
}

func TestManifestErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	imagesFor(t, dir)
	for _, c := range []struct {
		name, content string
		opts          Options
		want          []string
	}{
		{"x.csv", "a,b\n1,2\n", Options{}, []string{"(a, b)", "named path", "column of the paths"}},
		{"x.csv", "path,b\nc.png,2\n", Options{LabelColumn: "label"}, []string{"(path, b)", "named label"}},
		{"x.csv", "path,b\nc.png,2\n", Options{IDColumn: "key"}, []string{"(path, b)", "named key"}},
		{"x.csv", "path,b\nc.png,2\nc.png\n", Options{}, []string{"line 3", "number of fields"}},
		{"x.csv", "path,label\n\"c.png,2\n", Options{}, []string{"line 2", "quot"}},
		{"x.csv", "path,label\nc.png,1\n,2\n", Options{}, []string{"line 3", "the path is empty"}},
		{"x.csv", "path\n", Options{}, []string{"holds no images"}},
		{"x.csv", "path\nc.png\nimg/a.png\nc.png\n", Options{}, []string{"samples 0 and 2", `"c.png"`, "column"}},
		{"x.csv", "path\nnone.png\n", Options{}, []string{"none of its 1 images", "none.png", "no such file"}},
		{"x.jsonl", "path,label\n", Options{}, []string{"line 1", "JSON"}},
		{"x.jsonl", `{"path": "c.png"}` + "\n" + `{"file": 1, "b": 2}`, Options{PathColumn: "path"}, []string{"line 2", "(b, file)", "named path"}},
		{"x.jsonl", `{"path": "c.png"}`, Options{LabelColumn: "label"}, []string{"line 1", "(path)", "named label"}},
		{"x.jsonl", `{"path": "c.png", "id": 1}` + "\n" + `{"path": "img/a.png"}`, Options{}, []string{"line 2", "named id"}},
		{"x.jsonl", `{"path": ["c.png"]}`, Options{}, []string{"line 1", "the path is neither"}},
		{"x.txt", "c.png", Options{LabelColumn: "label"}, []string{"no column label"}},
	} {
		_, err := Open(put(t, dir, c.name, []byte(c.content)), c.opts)
		wantError(t, err, append(c.want, c.name)...)
	}
}

// Files that are missing or bad are errors of their samples.
func TestManifestOfBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	imagesFor(t, dir)
	put(t, dir, "zero.png", nil)
	set := mustOpen(t, put(t, dir, "x.txt", []byte("c.png\nzero.png\nnone.png\nimg\n")), Options{})
	mustRead(t, set, 0)
	for i, want := range map[int]string{1: "the file is empty", 2: "no such file", 3: "it is a folder"} {
		wantError(t, set.Read(i, make([]float32, 1)), "read image "+set.ID(i), want)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add("path,label,id\na.png,1,x\nb.png,cat,y\n")
	f.Add("a\tpath\n1\tb.png\n")
	f.Add(`{"path": "a.png", "label": 1.5, "id": "x"}` + "\n" + `{"path": "b.png", "id": 2}`)
	f.Add("a.png\n\nb.png")
	f.Fuzz(func(t *testing.T, content string) {
		r := bufio.NewReader(strings.NewReader(content))
		for _, form := range []string{sniffManifest(r, Options{}), formCSV, formTSV, formJSONL, formPaths} {
			var texts labelTexts
			_, err := readManifest(bufio.NewReader(strings.NewReader(content)), form, Options{}, func(e entry, hasID bool) {
				if e.path == "" || hasID && e.id == "" {
					t.Errorf("%s: an empty path or ID", form)
				}
				texts.add(e.label)
			})
			if err != nil {
				continue
			}
			labels, classes, err := texts.settle(Options{}, strconv.Itoa)
			if err != nil {
				continue
			}
			for _, l := range labels {
				if l < -1 || classes != nil && int(l) >= len(classes) {
					t.Errorf("%s: label %d of %d classes", form, l, len(classes))
				}
			}
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	n := new(names)
	all := []string{"b", "", "a/long/path", "b "}
	for _, s := range all {
		n.add(string(bytes.Clone([]byte(s))))
	}
	for i, want := range all {
		if got := n.at(i); got != want {
			t.Errorf("name %d is %q, want %q", i, got, want)
		}
	}
	if err := n.checkUnique(); err != nil {
		t.Error(err)
	}
	n.add("a/long/path")
	wantError(t, n.checkUnique(), "samples 2 and 4")
}
