package scoring

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sampleRecords() []Record {
	label := 0
	return []Record{
		{Index: 0, ID: "a/<&>é.png", Label: &label, Class: 3, Confidence: 1.0 / 3, Scores: ScoresOf(map[string]float64{"margin": 0, "entropy": math.Nextafter(1, 2)})},
		{Index: 7, ID: "b", Class: 0, Confidence: 1, Scores: ScoresOf(map[string]float64{"margin": 5e-324, "entropy": 1e300})},
		{Index: 8, ID: "c", Class: 1, Confidence: 0.5, Scores: ScoresOf(map[string]float64{})},
	}
}

func TestRecordsRoundTrip(t *testing.T) {
	t.Parallel()
	var file bytes.Buffer
	w := NewRecordWriter(&file)
	for _, r := range sampleRecords() {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(file.String(), "\n")
	want := `{"schema":"prunefuse.score/1","index":0,"id":"a/<&>é.png","label":0,"class":3,"confidence":0.3333333333333333,"scores":{"entropy":1.0000000000000002,"margin":0}}`
	if first != want {
		t.Errorf("first line\n%s\nwant\n%s", first, want)
	}
	var got []Record
	for r, err := range ReadRecords(&file) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if d := cmp.Diff(sampleRecords(), got); d != "" {
		t.Error(d)
	}
}

func TestReadRecordsIsStrict(t *testing.T) {
	t.Parallel()
	const good = `{"schema":"prunefuse.score/1","index":0,"id":"a","class":1,"confidence":0.5,"scores":{"margin":0.1}}` + "\n"
	for name, bad := range map[string]string{
		"another schema":  strings.Replace(good, "score/1", "score/2", 1),
		"no schema":       `{"index":0,"id":"a","class":1,"confidence":0.5,"scores":{}}`,
		"no index":        strings.Replace(good, `"index":0,`, "", 1),
		"negative index":  strings.Replace(good, `"index":0`, `"index":-1`, 1),
		"no id":           strings.Replace(good, `"a"`, `""`, 1),
		"no class":        strings.Replace(good, `"class":1,`, "", 1),
		"no confidence":   strings.Replace(good, `"confidence":0.5,`, "", 1),
		"no scores":       strings.Replace(good, `,"scores":{"margin":0.1}`, "", 1),
		"null score":      strings.Replace(good, "0.1", "null", 1),
		"NaN score":       strings.Replace(good, "0.1", "NaN", 1),
		"score too large": strings.Replace(good, "0.1", "1e999", 1),
		"text for score":  strings.Replace(good, "0.1", `"0.1"`, 1),
		"cut short":       good[:len(good)/2],
		"empty line":      "\n",
		"two on a line":   strings.TrimSuffix(good, "\n") + good,
		"a CSV":           "index,id,entropy\n",
		"endless line":    strings.Repeat("x", MaxLine+1),
	} {
		records, last := 0, error(nil)
		for _, err := range ReadRecords(strings.NewReader(good + good + bad)) {
			if err != nil {
				last = err
				continue
			}
			records++
		}
		if records != 2 || last == nil || !strings.HasPrefix(last.Error(), "line 3: ") {
			t.Errorf("%s: %d records, error %v", name, records, last)
		}
	}
}

func TestReadRecordsPassesReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	for _, err := range ReadRecords(failingReader{broken}) {
		if !errors.Is(err, broken) {
			t.Errorf("error is %v", err)
		}
	}
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

func TestRecordWriterRefusesNaN(t *testing.T) {
	t.Parallel()
	w := NewRecordWriter(&bytes.Buffer{})
	err := w.Write(Record{ID: "a", Scores: ScoresOf(map[string]float64{"entropy": math.NaN()})})
	if err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("error is %v", err)
	}
}

func FuzzReadRecords(f *testing.F) {
	f.Add([]byte(`{"schema":"prunefuse.score/1","index":0,"id":"a","class":1,"confidence":0.5,"scores":{"margin":0.1}}`))
	f.Add([]byte("null\n[]\n{}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for r, err := range ReadRecords(bytes.NewReader(text)) {
			if err == nil && (r.ID == "" || r.Index < 0) {
				t.Errorf("accepted %+v", r)
			}
		}
	})
}

// A clone shares nothing with the batch that its record came from.
func TestRecordClone(t *testing.T) {
	t.Parallel()
	label, values := 3, []float64{0.5}
	r := Record{ID: "a", Label: &label, Scores: Scores{[]string{"margin"}, values}, Features: []float32{1}, Probabilities: []float32{2}}
	c := r.Clone()
	label, values[0], r.Features[0], r.Probabilities[0] = 9, 9, 9, 9
	if *c.Label != 3 || scoreOf(t, c, "margin") != 0.5 || c.Features[0] != 1 || c.Probabilities[0] != 2 {
		t.Errorf("the clone changed: %+v", c)
	}
}
