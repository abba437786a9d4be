package labelling

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// annotationsText lists annotations, a line each.
func annotationsText(list []Annotation) string {
	var b strings.Builder
	for _, a := range list {
		fmt.Fprintf(&b, "%s %s", a.Sample, a.By())
		for word, said := range map[string]bool{a.Class: a.Class != "", "skip": a.Skip, "unsure": a.Unsure} {
			if said {
				b.WriteString(" " + word)
			}
		}
		if a.Truth {
			b.WriteString(" truth")
		}
		if !a.Time.IsZero() {
			b.WriteString(a.Time.Format(" 2006-01-02T15:04:05.999Z07:00"))
		}
		fmt.Fprintf(&b, " %s:%d\n", filepath.Base(a.File), a.Row)
	}
	return b.String()
}

// Every form gives each annotation with what it says of annotator and time, also
// those that do not count.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var paths []string
	for _, file := range []struct{ name, text string }{
		{"1.json", `[{"id":3,"data":{"sample":"a"},"annotations":[
			{"completed_by":7,"created_at":"2026-01-02T03:04:05.678901Z","updated_at":"2026-01-03T03:04:05.5Z","result":[{"from_name":"choice","type":"choices","value":{"choices":["cat"]}}]},
			{"completed_by":{"id":8,"email":"bob@x.org"},"created_at":"2026-01-02T03:04:05+02:00","was_cancelled":true,"result":[]},
			{"completed_by":9,"ground_truth":true,"result":[{"from_name":"choice","type":"choices","value":{"choices":["cat"]}}]}]},
			{"id":4,"data":{"sample":"b"},"annotations":[]}]`},
		{"ann.csv", "id,label\na,unsure\nb,\nc,dog\n"},
		{"log.jsonl", `{"id":"b","label":"dog","annotator":"eve","time":"2026-01-02T03:04:05Z"}` + "\n" + `{"id":"b","label":"cat","annotator":"eve","time":"2026-01-02T03:05:05Z"}`},
		{"min.json", `[{"sample":"c","id":1,"choice":"dog","annotator":7,"annotation_id":3,"created_at":"2026-02-02T03:04:05Z","lead_time":2.5}]`},
		{"x.xml", strings.ReplaceAll(cvatText, "x/", "")},
	} {
		path := filepath.Join(dir, file.name)
		if err := os.WriteFile(path, []byte(file.text), 0o666); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	r, err := ReadFiles(paths, Config{FromName: "choice", ToName: "image"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `a 7 cat 2026-01-03T03:04:05.5Z 1.json:1
a bob@x.org skip 2026-01-02T01:04:05Z 1.json:1
a 9 cat truth 1.json:1
a ann unsure ann.csv:2
c ann dog ann.csv:4
b eve dog 2026-01-02T03:04:05Z log.jsonl:1
b eve cat 2026-01-02T03:05:05Z log.jsonl:2
c 7 dog 2026-02-02T03:04:05Z min.json:1
a.png x cat x.xml:1
b.png x dog x.xml:2
`
	if got := annotationsText(r.Annotations); got != want {
		t.Errorf("annotations\n%swant\n%s", got, want)
	}
	if got := r.text(); got != "a=cat b=cat c=dog a.png=cat b.png=dog -1" {
		t.Errorf("labels %s", got)
	}
}

// Agreement tells of a crew what can be counted by hand.
func TestAgreement(t *testing.T) {
	t.Parallel()
	r, err := Read(strings.NewReader(crewText+"f,skip,bob\ng,unsure,eve\n"), Config{FromName: "choice", Disagreement: Majority, SkipTies: true})
	if err != nil {
		t.Fatal(err)
	}
	// Of the 11 pairable values 7 are cat and 4 dog; the pairs that differ weigh 2 in
	// each of a, b and e: α = 1 − (6/11) / (2·7·4/(11·10)) = 1 − 60/56.
	const want = `agreement α -0.071, on 4 samples that two or more labelled; 3 differ: a, b, e
annotator ann: 5 labels, 0 skipped, 0 unsure; 3 of 3 shared ones are right by the consensus
annotator bob: 3 labels, 1 skipped, 0 unsure; 3 of 3 shared ones are right by the consensus
annotator eve: 4 labels, 0 skipped, 1 unsure; 1 of 3 shared ones are right by the consensus
`
	a := r.Agreement()
	if got := a.Text(); got != want {
		t.Errorf("%swant\n%s", got, want)
	}
	if got := fmt.Sprint(a.Annotators[2].Confusion); got != "[[1 1] [1 0]]" {
		t.Errorf("eve takes %v", got)
	}
	alone, err := Read(strings.NewReader("id,label,annotator\na,cat,ann\n"), Config{FromName: "choice"})
	if err != nil || alone.Agreement() != nil {
		t.Errorf("one annotator agrees with %+v (%v)", alone.Agreement(), err)
	}
}
