package data

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// drawn is a sample of a set that a test writes in many forms.
type drawn struct {
	key, label string
	content    []byte
}

// forms are the forms of labelled images that name the labels of samples by texts.
// Each writes samples into a folder and returns the spec that opens them.
var forms = map[string]func(t *testing.T, dir string, samples []drawn) string{
	"csv": func(t *testing.T, dir string, samples []drawn) string { return tableOf(t, dir, "x.csv", ',', samples) },
	"tsv": func(t *testing.T, dir string, samples []drawn) string { return tableOf(t, dir, "x.tsv", '\t', samples) },
	"jsonl": func(t *testing.T, dir string, samples []drawn) string {
		return put(t, dir, "x.jsonl", linesOf(t, dir, samples))
	},
	"metadata.csv": func(t *testing.T, dir string, samples []drawn) string {
		tableOf(t, dir, "metadata.csv", ',', samples)
		return dir
	},
	"metadata.jsonl": func(t *testing.T, dir string, samples []drawn) string {
		put(t, dir, "metadata.jsonl", linesOf(t, dir, samples))
		return dir
	},
	"tar": func(t *testing.T, dir string, samples []drawn) string {
		return put(t, dir, "x.tar", tarBytes(t, archived(samples)...))
	},
	"zip": func(t *testing.T, dir string, samples []drawn) string {
		return put(t, dir, "x.zip", zipOf(t, archived(samples)))
	},
	"parquet": func(t *testing.T, dir string, samples []drawn) string {
		type row struct {
			Image []byte `parquet:"image"`
			Label string `parquet:"label"`
		}
		var rows []row
		for _, s := range samples {
			rows = append(rows, row{s.content, s.label})
		}
		var b bytes.Buffer
		if err := parquet.Write(&b, rows); err != nil {
			t.Fatal(err)
		}
		return put(t, dir, "x.parquet", b.Bytes())
	},
}

func tableOf(t *testing.T, dir, name string, comma rune, samples []drawn) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = comma
	rows := [][]string{{"file_name", "label"}}
	for _, s := range samples {
		put(t, dir, s.key+".png", s.content)
		rows = append(rows, []string{s.key + ".png", s.label})
	}
	if err := w.WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	return put(t, dir, name, b.Bytes())
}

func linesOf(t *testing.T, dir string, samples []drawn) []byte {
	var b bytes.Buffer
	for _, s := range samples {
		put(t, dir, s.key+".png", s.content)
		if err := json.NewEncoder(&b).Encode(map[string]string{"file_name": s.key + ".png", "label": s.label}); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func archived(samples []drawn) (files []tarFile) {
	for _, s := range samples {
		files = append(files, tarFile{s.key + ".png", s.content}, tarFile{s.key + ".cls", []byte(s.label)})
	}
	return files
}

func zipOf(t *testing.T, files []tarFile) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f.name)
		if err == nil {
			_, err = w.Write(f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever goes wrong with some samples, labels of the others are what they are.
func TestKindsOfFaults(t *testing.T) {
	t.Parallel()
	heic := []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic")
	for _, kind := range []struct {
		about   string
		labels  []string
		content map[int][]byte // of samples that are no plain images
		classes []string
		want    []int
		read    map[int]string // samples that cannot be read, and the word for it
		err     string         // of opening
		note    string
	}{
		{
			about: "names", labels: []string{"eel", "cat", "dog"},
			classes: []string{"cat", "dog", "eel"}, want: []int{2, 0, 1},
		},
		{
			about: "a class whose image is broken", labels: []string{"eel", "cat", "dog"}, content: map[int][]byte{1: []byte("none")},
			classes: []string{"cat", "dog", "eel"}, want: []int{2, 0, 1}, read: map[int]string{1: "unknown format"},
		},
		{
			about: "a class whose images are of a format that is not read", labels: []string{"eel", "cat", "dog"}, content: map[int][]byte{1: heic},
			classes: []string{"cat", "dog", "eel"}, want: []int{2, 0, 1}, read: map[int]string{1: "HEIC images are not read"},
		},
		{
			about: "missing names", labels: []string{"nan", "NaN", "None", "<NA>", "NA", "null", "-1.0", "", "eel", "cat"},
			classes: []string{"cat", "eel"}, want: []int{-1, -1, -1, -1, -1, -1, -1, -1, 1, 0}, note: `no label: it is "<NA>"`,
		},
		{
			about: "two spellings of a name", labels: []string{"cafe\u0301", "caf\u00e9", "bar"},
			classes: []string{"bar", "caf\u00e9"}, want: []int{1, 1, 0},
		},
		{about: "missing numbers", labels: []string{"-1", "nan", "2.0", "0"}, want: []int{-1, -1, 2, 0}, note: `it is "nan"`},
		{about: "floats", labels: []string{"0.0", "3.0"}, want: []int{0, 3}},
		{about: "a fraction", labels: []string{"0", "1.5"}, err: "the label 1.5 is no number of a class"},
		{about: "a negative number", labels: []string{"0", "-3"}, err: "the label -3 is no number"},
		{about: "blanks around names", labels: []string{" cat", "cat ", "dog"}, classes: []string{"cat", "dog"}, want: []int{0, 0, 1}},
		{about: "several classes", labels: []string{"cat", "dog", "cat,dog"}, err: `the label "cat,dog" lists several classes`},
		{about: "a list", labels: []string{"cat", "['cat', 'dog']"}, err: "lists several classes"},
		{
			about: "a name with a comma", labels: []string{"bird, small", "cat"},
			classes: []string{"bird, small", "cat"}, want: []int{0, 1},
		},
	} {
		for name, write := range forms {
			t.Run(kind.about+"/"+name, func(t *testing.T) {
				t.Parallel()
				var samples []drawn
				for i, label := range kind.labels {
					content := kind.content[i]
					if content == nil {
						content = onePixel(t, byte(i))
					}
					samples = append(samples, drawn{fmt.Sprintf("s%02d", i), label, content})
				}
				var notes strings.Builder
				set, err := Open(write(t, t.TempDir(), samples), Options{
					Color: "grey", Size: [2]int{1, 1}, Note: func(n Note) { fmt.Fprintln(&notes, n.Text) },
				})
				if kind.err != "" {
					wantError(t, err, kind.err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = Close(set) }()
				checkKind(t, set, kind.classes, kind.want, kind.read)
				if !strings.Contains(notes.String(), kind.note) {
					t.Errorf("the notes %q lack %q", notes.String(), kind.note)
				}
			})
		}
	}
}

func checkKind(t *testing.T, set Set, classes []string, want []int, unreadable map[int]string) {
	t.Helper()
	if set.Len() != len(want) || !slices.Equal(set.Classes(), classes) {
		t.Fatalf("%d samples of the classes %q, want %d of %q", set.Len(), set.Classes(), len(want), classes)
	}
	for i, label := range want {
		if got := set.Label(i); got != label {
			t.Errorf("label %d of sample %s, want %d", got, set.ID(i), label)
		}
		err := set.Read(i, make([]float32, 1))
		if word := unreadable[i]; word != "" {
			wantError(t, err, set.ID(i), word)
		} else if err != nil {
			t.Errorf("read %s: %v", set.ID(i), err)
		}
	}
}

// What a folder is taken for.
func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about, spec string // the latter behind the folder's name
		files       []string
		classes     []string
		ids         []string
		notes, err  string
	}{
		{"classes", "", []string{"cat/1.png", "dog/2.png"}, []string{"cat", "dog"}, []string{"cat/1.png", "dog/2.png"}, "2 classes from the folders of", ""},
		{"splits", "", []string{"train/cat/1.png", "valid/cat/2.png"}, []string{"cat"}, []string{"cat/1.png"}, "; split train", ""},
		{"a split that is asked for", ":val", []string{"train/cat/1.png", "valid/cat/2.png"}, []string{"cat"}, []string{"cat/2.png"}, "; split val", ""},
		{"in any case", ":test", []string{"Training/cat/1.png", "Testing/cat/2.png"}, []string{"cat"}, []string{"cat/2.png"}, "; split test", ""},
		{"val for test", ":test", []string{"train/cat/1.png", "val/cat/2.png"}, []string{"cat"}, []string{"cat/2.png"}, "no split test: val is taken", ""},
		{"no train", "", []string{"val/cat/1.png", "test/cat/2.png"}, nil, nil, "", "no split train, but test, val"},
		{"two of a kind", "", []string{"train/cat/1.png", "training/cat/2.png"}, nil, nil, "", "train and training both hold the split train"},
		{"splits and classes", "", []string{"train/cat/1.png", "test/cat/2.png", "dog/3.png"}, nil, nil, "", "named as splits are, and dog as classes"},
		{"a class named train", "", []string{"bus/1.png", "train/2.png"}, []string{"bus", "train"}, []string{"bus/1.png", "train/2.png"}, "2 classes", ""},
		{"one split alone", "", []string{"train/cat/1.png", "train/dog/2.png"}, []string{"cat", "dog"}, []string{"cat/1.png", "dog/2.png"}, "; split train", ""},
		{"one class", "", []string{"cat/1.png"}, []string{"cat"}, []string{"cat/1.png"}, "1 class from the one folder", ""},
		{"images beside folders", "", []string{"cat/1.png", "2.png"}, nil, []string{"2.png", "cat/1.png"}, "1 of them stand beside its folders", ""},
		{"folders of systems", "", []string{"cat/1.png", "@eaDir/cat/1.png", "$RECYCLE.BIN/1.png", "_thumbs/1.png", "__MACOSX/1.png", "cat/Thumbs.db"}, []string{"cat"}, []string{"cat/1.png"}, "1 class", ""},
		{"numbers", "", []string{"10/1.png", "2/2.png", "1/3.png"}, []string{"1", "2", "10"}, []string{"1/3.png", "2/2.png", "10/1.png"}, "3 classes", ""},
		{"two spellings of a name", "", []string{"cafe\u0301/1.png", "caf\u00e9/2.png"}, nil, nil, "", "two folders are named \"caf\u00e9\" in different spellings"},
		{"a name that macOS spelt", "", []string{"cafe\u0301/1.png", "bar/2.png"}, []string{"bar", "caf\u00e9"}, []string{"bar/2.png", "cafe\u0301/1.png"}, "2 classes", ""},
		{"files of a kind that is not read", "", []string{"cat/1.mp4", "dog/2.png"}, []string{"cat", "dog"}, []string{"dog/2.png"}, "not read: 1 .mp4", ""},
		{"files beside the images", "", []string{"cat/1.png", "cat/notes.md", "docs/a.txt"}, []string{"cat"}, []string{"cat/1.png"}, `no class: "docs"`, ""},
		{"all endings", "", []string{"1.JFIF", "2.jpe", "3.tif", "4.TIFF", "5.ppm", "6.pgm", "7.bmp", "8.webp", "9.heic", "a.avif"}, nil, []string{"1.JFIF", "2.jpe", "3.tif", "4.TIFF", "5.ppm", "6.pgm", "7.bmp", "8.webp", "9.heic", "a.avif"}, "", ""},
		{"no endings", "", []string{"cat/1", "cat/2.png"}, []string{"cat"}, []string{"cat/1", "cat/2.png"}, "", ""},
		{"no images", "", []string{"cat/1.mp4"}, nil, nil, "", "holds no images"},
	} {
		for _, archive := range []bool{false, true} {
			t.Run(fmt.Sprint(c.about, archive), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				var members []tarFile
				for i, name := range c.files {
					put(t, dir, name, onePixel(t, byte(i)))
					members = append(members, tarFile{name, onePixel(t, byte(i))})
				}
				if archive {
					dir = put(t, t.TempDir(), "x.zip", zipOf(t, members))
				}
				var notes []Note
				set, err := Open(dir+c.spec, Options{Size: [2]int{1, 1}, Color: "grey", Note: func(n Note) { notes = append(notes, n) }})
				if c.err != "" {
					wantError(t, err, c.err)
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = Close(set) }()
				if got := ids(set); !slices.Equal(set.Classes(), c.classes) || got != strings.Join(c.ids, " ") {
					t.Errorf("%s of the classes %q", got, set.Classes())
				}
				if text := fmt.Sprint(notes); !strings.Contains(text, c.notes) {
					t.Errorf("the notes %q lack %q", text, c.notes)
				}
				lost := slices.ContainsFunc(notes, func(n Note) bool { return n.Lost > 0 })
				if lost != strings.Contains(c.notes, "not read") {
					t.Errorf("samples are lost: %v (%v)", lost, notes)
				}
			})
		}
	}
}

// The rule of WebDataset: the files of a sample share their name up to its first
// dot. What does not keep to it is told.
func TestWebDatasetRule(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		about  string
		files  []string // with the label of .cls behind a colon
		ids    string
		labels []int
		lost   int
		note   string
	}{
		{"side by side", []string{"a.png", "a.cls:1", "b.png", "b.cls:0"}, "x/a x/b", []int{1, 0}, 0, ""},
		{"with ./", []string{"./a.png", "./a.cls:1", "./b.png"}, "x/a x/b", []int{1, -1}, 0, ""},
		{"images first", []string{"a.png", "b.png", "b.cls:0", "a.cls:1"}, "x/a x/b", []int{1, 0}, 0, ""},
		{"labels first", []string{"a.cls:1", "b.cls:0", "a.png", "b.png"}, "x/a x/b", []int{1, 0}, 0, ""},
		{"dots in keys", []string{"i.0.png", "i.0.cls:0", "i.1.png", "i.1.cls:1", "i.2.png"}, "x/i", []int{-1}, 2, "2 images are passed over"},
		{"masks", []string{"a.png", "a.mask.png", "a.cls:1", "b.seg.png", "b.png"}, "x/a x/b", []int{1, -1}, 0, ""},
		{"labels without an image", []string{"a.png", "a.cls:0", "b.cls:1", "c.raw", "c.cls:1"}, "x/a", []int{0}, 2, "2 labels have no image, as that of b; its files are 1 .raw"},
	} {
		for _, archive := range []string{"x.tar", "x.zip"} {
			t.Run(c.about+"/"+archive, func(t *testing.T) {
				t.Parallel()
				var files []tarFile
				for _, name := range c.files {
					if name, label, ok := strings.Cut(name, ":"); ok {
						files = append(files, tarFile{name, []byte(label)})
					} else {
						files = append(files, tarFile{name, onePixel(t, 1)})
					}
				}
				content := tarBytes(t, files...)
				if filepath.Ext(archive) == ".zip" {
					content = zipOf(t, files)
				}
				lost, text := 0, ""
				set := mustOpen(t, put(t, t.TempDir(), archive, content), Options{Note: func(n Note) {
					lost += n.Lost
					text += n.Text
				}})
				var labels []int
				for i := range set.Len() {
					labels = append(labels, set.Label(i))
				}
				if ids(set) != c.ids || !slices.Equal(labels, c.labels) {
					t.Errorf("%s with labels %v, want %s with %v", ids(set), labels, c.ids, c.labels)
				}
				if lost != c.lost || !strings.Contains(text, c.note) {
					t.Errorf("%d lost: %q", lost, text)
				}
			})
		}
	}
}
