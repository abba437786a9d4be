package selection

import (
	"bytes"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/prunefuse/prunefuse/scoring"
)

func lines(t testing.TB, seq iter.Seq2[Line, error]) (out []Line, err error) {
	t.Helper()
	for l, err := range seq {
		if err != nil {
			return out, err
		}
		out = append(out, l)
	}
	return out, nil
}

// What is written is read, from a file and from a stream.
func TestSelectionRoundTrip(t *testing.T) {
	t.Parallel()
	label := 2
	scores := scoring.ScoresOf(map[string]float64{"margin": 0.25, "entropy": 1.0 / 3})
	chosen := []Selected{
		{Rank: 1, Score: -0.25, Record: scoring.Record{Index: 7, ID: "a <b>.png", Label: &label, Class: 1, Confidence: 0.5, Scores: scores}, Cluster: -1},
		{Rank: 2, Score: 3, Record: scoring.Record{Index: 0, ID: "c", Scores: scores}, Cluster: 4, Nearest: &Neighbour{Index: 3, ID: "x", Distance: 0.5}},
	}
	var b bytes.Buffer
	if err := Write(&b, JSONL, chosen, "badge"); err != nil {
		t.Fatal(err)
	}
	want := []Line{LineOf(chosen[0], "badge"), LineOf(chosen[1], "badge")}
	for name, r := range map[string]io.Reader{"file": bytes.NewReader(b.Bytes()), "stream": io.MultiReader(bytes.NewReader(b.Bytes()))} {
		got, err := lines(t, ReadFile(r))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	b.Reset()
	if err := Write(&b, Text, chosen, "badge"); err != nil || b.String() != "a <b>.png\nc\n" {
		t.Errorf("as text: %q, %v", b.String(), err)
	}
	chosen[0].Record.ID = "a\nb"
	if err := Write(&b, Text, chosen, "badge"); err == nil || !strings.Contains(err.Error(), "line break") {
		t.Errorf("a name of two lines: %v", err)
	}
}

// A score file is a selection of all its samples.
func TestSelectionOfScores(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := scoring.NewRecordWriter(&b)
	for i, id := range []string{"x", "y"} {
		if err := w.Write(scoring.Record{Index: 3 * i, ID: id, Class: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	got, err := lines(t, ReadFile(&b))
	if err != nil || len(got) != 2 || got[1].ID != "y" || got[1].Rank != 2 || got[1].Index != 3 || got[1].Class != 1 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestSelectionRefuses(t *testing.T) {
	t.Parallel()
	good := `{"schema":"` + Schema + `","rank":1,"index":0,"id":"a","scores":{}}` + "\n"
	for text, want := range map[string]string{
		good + `{"schema":"` + Schema + `","rank":2}`: "line 2: it is no line of schema",
		good + `{"schema":"other","id":"b"}`:          "line 2: it is no line of schema",
		good + `{"sch`:                                "line 2: ",
		"a.png\nb.png\n":                              "written as .jsonl",
	} {
		if _, err := lines(t, ReadFile(strings.NewReader(text))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want %q", text, err, want)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte(`{"schema":"` + Schema + `","rank":1,"index":0,"id":"a","scores":{"margin":1}}`))
	f.Add([]byte("index,id,label,class,confidence\n0,a,,1,0.5\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for l, err := range ReadFile(bytes.NewReader(text)) {
			if err == nil && l.ID == "" {
				t.Errorf("%q: a line without a name", text)
			}
		}
	})
}
