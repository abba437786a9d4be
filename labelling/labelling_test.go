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
	items := []Item{{ID: "a/ü 1.png", Rank: 2, Class: "cat", Confidence: 0.25}, {ID: "b.png", Rank: 1, Class: "dog", Confidence: 0.5}}
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
	if r, err := Read(&b, config); err != nil || len(r.Labels) != 0 || r.Unlabelled != 2 {
		t.Errorf("read %+v, %v", r, err)
	}
}

// What is written to be filled in is read when it is.
func TestFilledIn(t *testing.T) {
	t.Parallel()
	items := []Item{{ID: `odd, "name".png`, Rank: 1, Class: "cat", Confidence: 0.125}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"CSV":   func(b *bytes.Buffer) error { return WriteCSV(b, items) },
		"JSONL": func(b *bytes.Buffer) error { return WriteJSONL(b, items) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(strings.Replace(b.String(), "0.125,\n", "0.125,dog\n", 1), `"label":""`, `"label":"dog"`, 1)
		r, err := Read(strings.NewReader(text), config)
		if err != nil || !slices.Equal(r.Labels, []Label{{items[0].ID, "dog"}}) {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
}
