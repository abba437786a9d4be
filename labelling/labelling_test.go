package labelling

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

var config = Config{FromName: "choice", ToName: "image", Prefix: "/data/local-files/?d=pool/"}

func TestWriteLabelStudio(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	items := []Item{{"a/ü 1.png", 2, "cat", 0.25}, {"b.png", 1, "dog", 0.5}}
	if err := WriteLabelStudio(&b, items, "v1", config); err != nil {
		t.Fatal(err)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b.Bytes()); err != nil {
		t.Fatal(err)
	}
	want := `[{"data":{"image":"/data/local-files/?d=pool/a/%C3%BC%201.png","rank":2,"sample":"a/ü 1.png"},` +
		`"predictions":[{"model_version":"v1","score":0.25,"result":[{"from_name":"choice","to_name":"image","type":"choices","value":{"choices":["cat"]}}]}]},` +
		`{"data":{"image":"/data/local-files/?d=pool/b.png","rank":1,"sample":"b.png"},` +
		`"predictions":[{"model_version":"v1","score":0.5,"result":[{"from_name":"choice","to_name":"image","type":"choices","value":{"choices":["dog"]}}]}]}]`
	if got := strings.TrimSpace(compact.String()); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	// Tasks that nobody has answered hold no labels.
	if labels, unlabelled, err := Read(&b, config); len(labels) != 0 || unlabelled != 2 || err != nil {
		t.Errorf("read %v, %d, %v", labels, unlabelled, err)
	}
}

const answered = `[
 {"id":1,"data":{"image":"x","sample":"a.png"},"predictions":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["wrong"]}}]}],
  "annotations":[{"result":[{"from_name":"choice","to_name":"image","type":"choices","value":{"choices":["cat"]}}]},
                 {"was_cancelled":true,"result":[{"from_name":"choice","type":"choices","value":{"choices":["bird"]}}]}]},
 {"id":2,"data":{"image":"/data/local-files/?d=pool/b%20c.png"},
  "annotations":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["cat"]}},{"from_name":"other","type":"choices","value":{"choices":["x","y"]}}]},
                 {"result":[{"from_name":"choice","type":"choices","value":{"choices":["dog"]}}]}]},
 {"id":3,"data":{"image":"x","sample":"d.png"},"annotations":[]},
 {"id":4,"data":{"image":"x","sample":"e.png"},"annotations":[{"was_cancelled":true,"result":[{"from_name":"choice","type":"choices","value":{"choices":["cat"]}}]}]}
]`

func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text       string
		want       []Label
		unlabelled int
	}{
		"Label Studio": {answered, []Label{{"a.png", "cat"}, {"b c.png", "dog"}}, 2},
		"JSON_MIN": {
			`[{"image":"x","sample":"a.png","id":7,"choice":"cat"},{"image":"x","sample":"b.png","id":8}]`,
			[]Label{{"a.png", "cat"}},
			1,
		},
		"Label Studio CSV": {"annotator,choice,id,image,sample\n1,cat,7,x,a.png\n1,,8,x,b.png\n", []Label{{"a.png", "cat"}}, 1},
		"CSV":              {"rank,id,predicted,confidence,label\n1,a.png,dog,0.3,cat\n2,b.png,dog,0.4,\n3,a.png,,0,bird\n", []Label{{"a.png", "bird"}}, 1},
		"JSON lines":       {"{\"id\":\"a.png\",\"label\":\"cat\"}\n{\"id\":\"b.png\",\"label\":3}\n", []Label{{"a.png", "cat"}, {"b.png", "3"}}, 0},
	} {
		labels, unlabelled, err := Read(strings.NewReader(c.text), config)
		if err != nil || unlabelled != c.unlabelled || !slices.Equal(labels, c.want) {
			t.Errorf("%s: %v, %d, %v, want %v, %d", name, labels, unlabelled, err, c.want, c.unlabelled)
		}
	}
	for text, want := range map[string]string{
		"":                        "empty",
		"a,b\n1,2\n":              "none is \"label\"",
		"id,label\n,cat\n":        `line 2: it has no "id"`,
		`{"id":"a"}`:              `line 1: a has no "label"`,
		`[{"data":{"image":"x"}}`: `task 1: it has no "sample", and no "image" that begins with`,
		`[{"data":{"sample":"s"},"annotations":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["a","b"]}}]}]}]`: `s has 2 classes`,
		`[{"data":{"sample":"s"}}`: "EOF",
		"[1]":                      "task 1",
	} {
		if _, _, err := Read(strings.NewReader(text), config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", text, err, want)
		}
	}
}

// What is written to be filled in is read when it is.
func TestFilledIn(t *testing.T) {
	t.Parallel()
	items := []Item{{`odd, "name".png`, 1, "cat", 0.125}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"CSV":   func(b *bytes.Buffer) error { return WriteCSV(b, items) },
		"JSONL": func(b *bytes.Buffer) error { return WriteJSONL(b, items) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(strings.Replace(b.String(), "0.125,\n", "0.125,dog\n", 1), `"label":""`, `"label":"dog"`, 1)
		labels, _, err := Read(strings.NewReader(text), config)
		if err != nil || !slices.Equal(labels, []Label{{items[0].ID, "dog"}}) {
			t.Errorf("%s: %v, %v", name, labels, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(answered))
	f.Add([]byte("id,label\na,b\n"))
	f.Add([]byte(`{"id":1,"label":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		labels, _, err := Read(bytes.NewReader(text), config)
		if err == nil && slices.ContainsFunc(labels, func(l Label) bool { return l.ID == "" || l.Class == "" }) {
			t.Errorf("read %q", labels)
		}
	})
}
