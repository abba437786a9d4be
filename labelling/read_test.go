package labelling

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
)

// task is a task of Label Studio with annotations, each "control=class,class" and
// what else is said of it.
func taskText(sample string, annotations ...string) string {
	var list []string
	for _, a := range annotations {
		parts := strings.Fields(a)
		var results []string
		for _, p := range parts {
			if name, classes, ok := strings.Cut(p, "="); ok {
				results = append(results, fmt.Sprintf(`{"from_name":%q,"to_name":"image","type":"choices","value":{"choices":["%s"]}}`,
					name, strings.ReplaceAll(classes, ",", `","`)))
			}
		}
		list = append(list, fmt.Sprintf(`{"was_cancelled":%t,"ground_truth":%t,"result":[%s]}`,
			slices.Contains(parts, "cancelled"), slices.Contains(parts, "truth"), strings.Join(results, ",")))
	}
	return fmt.Sprintf(`{"id":77,"data":{"image":"/d/%s","sample":%q,"label":"never"},"annotations":[%s],`+
		`"predictions":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["wrong"]}}]}]}`, sample, sample, strings.Join(list, ","))
}

func tasksText(tasks ...string) string { return "[" + strings.Join(tasks, ",\n") + "]" }

// text is a result as the table of TestRead has it: a=cat b=dog, then -N for samples
// without a label.
func (r *Result) text() string {
	var out []string
	for _, l := range r.Labels {
		out = append(out, l.ID+"="+l.Class)
	}
	if r.Unlabelled > 0 {
		out = append(out, fmt.Sprint("-", r.Unlabelled))
	}
	for _, id := range r.Skipped {
		out = append(out, "skipped "+id)
	}
	for _, id := range r.Unsure {
		out = append(out, "unsure "+id)
	}
	return strings.Join(out, " ")
}

const cvatText = `<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version>
 <image id="0" name="x/a.png" width="4" height="4"><tag label="cat" source="manual"></tag></image>
 <image id="1" name="x/b.png" width="4" height="4"><tag label="dog"><attribute name="sure">no</attribute></tag></image>
 <image id="2" name="x/c.png" width="4" height="4"></image>
</annotations>`

// crewText is of ann, who is always right where eve is not, and bob, who is where he
// answers.
const crewText = `id,label,annotator
a,cat,ann
b,dog,ann
c,cat,ann
d,dog,ann
e,cat,ann
a,cat,bob
b,dog,bob
c,cat,bob
a,dog,eve
b,cat,eve
c,cat,eve
e,dog,eve
`

const cocoText = `{"info":{},"images":[{"id":1,"file_name":"a.png"},{"id":2,"file_name":"b.png"},{"id":3,"file_name":"c.png"}],
 "annotations":[{"id":1,"image_id":1,"category_id":7},{"id":2,"image_id":2,"category_id":9,"bbox":[0,0,2,2]},{"id":3,"image_id":2,"category_id":9,"bbox":[1,1,2,2]}],
 "categories":[{"id":7,"name":"cat"},{"id":9,"name":"dog"}]}`

// Every form, and every way in which one field could be taken for another.
func TestRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		config Config
		want   string
	}{
		"Label Studio":        {tasksText(taskText("a", "choice=cat"), taskText("b", "choice=dog other=x,y"), taskText("c"), taskText("d", "choice=cat cancelled")), Config{}, "a=cat b=dog -1 skipped d"},
		"by address":          {`[{"data":{"image":"/d/b%20c.png"},"annotations":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["dog"]}}]}]}]`, Config{Prefix: "/d/"}, "b c.png=dog"},
		"another field":       {`[{"data":{"image":"/d/b.png","name":"b"},"annotations":[{"result":[{"from_name":"choice","type":"choices","value":{"choices":["dog"]}}]}]}]`, Config{Sample: "name"}, "b=dog"},
		"another control":     {tasksText(taskText("a", "label=cat")), Config{FromName: "label"}, "a=cat"},
		"open beside another": {tasksText(taskText("a", "choice=cat quality=good"), taskText("b", "quality=bad")), Config{}, "a=cat -1"},
		"agreement":           {tasksText(taskText("a", "choice=cat", "choice=cat")), Config{}, "a=cat"},
		"last":                {tasksText(taskText("a", "choice=cat", "choice=dog")), Config{Disagreement: Last}, "a=dog"},
		"majority":            {tasksText(taskText("a", "choice=cat", "choice=dog", "choice=cat")), Config{Disagreement: Majority}, "a=cat"},
		"skip":                {tasksText(taskText("a", "choice=cat", "choice=dog"), taskText("b", "choice=cat")), Config{Disagreement: Skip}, "b=cat -1"},
		"ground truth":        {tasksText(taskText("a", "choice=cat truth", "choice=dog"), taskText("b", "choice=dog")), Config{}, "a=cat b=dog"},
		"a task twice":        {tasksText(taskText("a", "choice=cat"), taskText("a")), Config{}, "a=cat"},

		"JSON-MIN":                  {`[{"image":"x","sample":"a","id":7,"choice":"cat","annotator":1},{"image":"x","sample":"b","id":8,"annotator":1}]`, Config{}, "a=cat -1"},
		"JSON-MIN, choices":         {`[{"sample":"a","id":7,"choice":{"choices":["cat"]},"annotator":1}]`, Config{}, "a=cat"},
		"JSON-MIN, control label":   {`[{"image":"1","rank":1,"sample":"1","id":4,"label":"cat","annotator":1,"annotation_id":9},{"image":"4","rank":2,"sample":"4","id":1,"label":"dog","annotator":1,"annotation_id":10}]`, Config{}, "1=cat 4=dog"},
		"Label Studio CSV":          {"annotator,choice,id,image,sample\n1,cat,7,x,a\n1,,8,x,b\n", Config{}, "a=cat -1"},
		"Label Studio CSV, label":   {"image,rank,sample,id,label,annotator,annotation_id\n1,1,1,1,cat,1,1\n4,2,4,2,cat,1,2\n2,3,2,3,dog,1,3\n", Config{}, "1=cat 4=cat 2=dog"},
		"Label Studio TSV":          {"image\tsample\tid\tchoice\tannotator\nx\ta, b\t7\tcat\t1\n", Config{}, "a, b=cat"},
		"Label Studio CSV, address": {"annotator,choice,id,image\n1,cat,7,/d/a%20b.png\n", Config{Prefix: "/d/"}, "a b.png=cat"},
		"one choice in a cell":      {"sample,id,choice,annotator\na,1,\"{\"\"choices\"\": [\"\"cat\"\"]}\",1\n", Config{}, "a=cat"},

		"CSV":             {"rank,id,predicted,confidence,label\n1,a,dog,0.3,cat\n2,b,dog,0.4,\n", Config{}, "a=cat -1"},
		"semicolons":      {"rank;id;label\n1;a, b;cat\n2;b;\n", Config{}, "a, b=cat -1"},
		"another name":    {"id,label\n0001-a.png,cat\nb,dog\n", Config{SampleOf: func(name string) string { return strings.TrimPrefix(strings.TrimSuffix(name, ".png"), "0001-") }}, "a=cat b=dog"},
		"TSV":             {"\ufeffid\tlabel\na\tcat\n", Config{}, "a=cat"},
		"nobody can":      {"id,label\na,skip\nb,cat\nc,skip\nc,dog\n", Config{}, "b=cat c=dog skipped a"},
		"nobody, so":      {"id,label\na,?\nb,skip\n", Config{Skip: "?"}, "b=skip skipped a"},
		"a class skip":    {"id,label\na,skip\n", Config{Classes: data.Classes{Names: []string{"skip", "cat"}}}, "a=skip"},
		"samples":         {"sample,label\na,cat\n", Config{}, "a=cat"},
		"missing":         {"id,label\na,nan\nb,None\nc,<NA>\nd,cat\ne,-1\n", Config{}, "d=cat -4"},
		"a class so":      {"id,label\na,None\n", Config{Classes: data.Classes{Names: []string{"None", "cat"}}}, "a=None"},
		"JSON lines":      {"{\"id\":\"a\",\"label\":\"cat\"}\n{\"id\":\"b\",\"label\":3}\n", Config{}, "a=cat b=3"},
		"CVAT":            {cvatText, Config{}, "x/a.png=cat x/b.png=dog -1"},
		"COCO":            {cocoText, Config{}, "a.png=cat b.png=dog -1"},
		"unsure":          {"id,label\na,unsure\nb,cat\nc,unsure\nc,dog\nd,unsure\nd,skip\n", Config{}, "b=cat c=dog skipped d unsure a"},
		"by its batch":    {"rank,id,predicted,confidence,label,image,annotator\n1,a,dog,0.3,cat,images/x.png,ann\n", Config{}, "a=cat"},
		"with annotators": {"id,label,annotator,time\na,cat,ann,2026-01-02T03:04:05Z\na,dog,ann,2026-01-02 03:05\nb,dog,bob,nan\n", Config{Disagreement: Last}, "a=dog b=dog"},
		"corrected":       {"id,label,annotator,time\na,dog,ann,2026-01-02 03:05:00\na,cat,ann,2026-01-02T03:04:05Z\n", Config{}, "a=dog"},
		"said twice by":   {"id,label,annotator\na,cat,ann\na,dog,bob\na,cat,ann\na,dog,eve\n", Config{Disagreement: Majority}, "a=dog"},
		"by their errors": {crewText, Config{Disagreement: DawidSkene}, "a=cat b=dog c=cat d=dog e=cat"},
		"a tie left":      {"id,label\na,cat\na,dog\nb,cat\n", Config{Disagreement: Majority, SkipTies: true}, "b=cat -1"},
		"a class mended":  {"id,label\na,caat\na,cat\n", Config{Disagreement: Last, Classes: data.Classes{Names: []string{"cat", "dog"}}}, "a=cat"},
		"last by time":    {"id,label,annotator,time\na,dog,bob,2026-01-02T03:05:00Z\na,cat,ann,2026-01-02T03:04:05Z\n", Config{Disagreement: Last}, "a=dog"},
		"CSV, last":       {"id,label\na,cat\na,bird\n", Config{Disagreement: Last}, "a=bird"},
		"CSV, said twice": {"id,label\na,cat\na,cat\n", Config{}, "a=cat"},
	} {
		if c.config.FromName == "" {
			c.config.FromName = "choice"
		}
		c.config.ToName = "image"
		r, err := Read(strings.NewReader(c.text), c.config)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := r.text(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// What cannot be told is refused, all of it at once, with the flag that helps.
func TestReadRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		config Config
		want   []string
	}{
		"empty":       {"", Config{}, []string{"empty"}},
		"no columns":  {"a,b\n1,2\n", Config{}, []string{`none is "id"`, "--id-field"}},
		"no answers":  {"id,b\n1,2\n", Config{}, []string{`none is "label" or "choice"`, "--from-name"}},
		"not a field": {"id,label\na,cat\n", Config{Sample: "name"}, []string{`none is "name"`}},
		"no name":     {"id,label\n,cat\n,dog\n", Config{}, []string{"2 problems", `line 2 does not name its sample: it has no "id"`, "line 3"}},
		"header":      {"id,label\na,cat\nid,label\nb,dog\n", Config{}, []string{"line 3 repeats the names"}},
		"column":      {"id,id,label\na,b,cat\n", Config{}, []string{`"id" is there twice`}},
		"no label":    {`{"id":"a"}`, Config{}, []string{`none is "label" or "choice"`}},
		"torn":        {`[{"data":{"sample":"s"}}`, Config{}, []string{"EOF"}},
		"no object":   {"[1]", Config{}, []string{"task 1"}},
		"both forms":  {tasksText(taskText("a"), `{"sample":"b","choice":"cat"}`), Config{}, []string{`1 of its 2 tasks have no "data"`}},

		// The number of a task is not a sample, nor is an address without a prefix.
		"a number":           {"id,choice,annotator\n7,cat,1\n", Config{}, []string{`none is "sample"`, "--id-field", "--url-prefix", "number of a task"}},
		"an address":         {`[{"id":3,"data":{"image":"x"},"annotations":[]},{"id":4,"data":{"image":"y"}}]`, Config{}, []string{"2 problems", "task 1 (id 3) does not name its sample", "--id-field", "--url-prefix", "task 2 (id 4)"}},
		"another prefix":     {`[{"data":{"image":"/e/a.png"}}]`, Config{Prefix: "/d/"}, []string{"does not name its sample"}},
		"two names":          {"id,sample,label\n1,a,cat\n", Config{}, []string{`both "id" and "sample"`, "--id-field"}},
		"JSON-MIN by number": {`[{"id":7,"image":"x","choice":"cat","annotator":1}]`, Config{}, []string{"--id-field"}},

		// Several classes, in every form.
		"two choices":      {tasksText(taskText("a", "choice=cat,dog"), taskText("b", "choice=cat,eel")), Config{}, []string{"2 problems", `a has 2 classes in one answer: ["cat" "dog"]`, "b has 2"}},
		"in JSON-MIN":      {`[{"sample":"a","id":1,"choice":{"choices":["cat","dog"]},"annotator":1}]`, Config{}, []string{"a has 2 classes in one answer"}},
		"in CSV":           {"sample,id,choice,annotator\na,1,\"{\"\"choices\"\": [\"\"cat\"\", \"\"dog\"\"]}\",1\n", Config{}, []string{"a has 2 classes in one answer"}},
		"a list in CSV":    {"id,label\na,\"[\"\"cat\"\", \"\"dog\"\"]\"\n", Config{}, []string{"a has 2 classes in one answer"}},
		"two tags of CVAT": {strings.Replace(cvatText, `</image>`, `<tag label="eel"/></image>`, 1), Config{}, []string{"x/a.png has 2 classes in one answer"}},
		"boxes of CVAT":    {strings.ReplaceAll(cvatText, "tag", "box"), Config{}, []string{"2 problems", "x/a.png has a box and no tag"}},
		"two categories":   {strings.Replace(cocoText, `2,"category_id":9`, `2,"category_id":7`, 1), Config{}, []string{"b.png has 2 classes in one answer"}},
		"no such category": {strings.Replace(cocoText, `"id":9`, `"id":8`, 1), Config{}, []string{"annotation 2 is of category 9"}},
		"no such image":    {strings.Replace(cocoText, `"image_id":1`, `"image_id":5`, 1), Config{}, []string{"annotation 1 is of image 5"}},
		"by number":        {"image,id,label,annotator\nx,7,cat,1\n", Config{}, []string{`none is "sample"`, "--id-field"}},
		"no image of CVAT": {"<annotations/>", Config{}, []string{"no element"}},

		// Another control, and people who differ.
		"another control":   {tasksText(taskText("a", "label=cat"), taskText("b", "label=dog")), Config{}, []string{"2 problems", `of the control "label", and there is none of "choice"`, "--from-name"}},
		"one of another":    {tasksText(taskText("a", "label=cat"), taskText("b", "choice=dog")), Config{}, []string{`a: its answer is of the control "label"`}},
		"of two fields":     {`[{"sample":"a","id":1,"label":"old","kind":"cat","annotator":1}]`, Config{}, []string{`none is the control "choice"`, "--from-name"}},
		"they differ":       {tasksText(taskText("a", "choice=cat", "choice=dog"), taskText("b", "choice=cat")), Config{}, []string{`a: the answers differ, "cat", "dog"`, "--disagreement"}},
		"rows differ":       {"id,label\na,cat\na,dog\n", Config{}, []string{"the answers differ"}},
		"as likely":         {"id,label,annotator\na,cat,ann\nb,dog,ann\na,dog,bob\nb,cat,bob\n", Config{Disagreement: DawidSkene}, []string{"2 problems", `as many say "cat" as "dog"`}},
		"as many":           {tasksText(taskText("a", "choice=cat", "choice=dog")), Config{Disagreement: Majority}, []string{`the answers differ, "cat", "dog", and as many say "cat" as "dog"`}},
		"two truths":        {tasksText(taskText("a", "choice=cat truth", "choice=dog truth")), Config{}, []string{"the answers differ"}},
		"a class of a few":  {"id,label\na,cat\na,cat\na,caat\n", Config{Disagreement: Majority, Classes: data.Classes{Names: []string{"cat", "dog"}}}, []string{`a: class "caat" is none of "cat", "dog"`}},
		"a class not there": {"id,label\na,cow\nb,cat\nc,hen\n", Config{Classes: data.Classes{Names: []string{"cat", "dog"}}}, []string{"2 problems", `a: class "cow" is none of "cat", "dog"`, `"hen"`}},
	} {
		if c.config.FromName == "" {
			c.config.FromName = "choice"
		}
		c.config.ToName = "image"
		r, err := Read(strings.NewReader(c.text), c.config)
		if err == nil {
			t.Errorf("%s: read %s", name, r.text())
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error is %v, want %q", name, err, want)
			}
		}
	}
}

// Whatever counts in silence elsewhere is told.
func TestReadNotes(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		text string
		way  Disagreement
	}{
		"of 1 samples the ground truth counts":                  {tasksText(taskText("a", "choice=cat truth", "choice=dog")), ""},
		"1 samples have answers that differ: the last counts":   {tasksText(taskText("a", "choice=cat", "choice=dog")), Last},
		`the answers are taken from "label"`:                    {"image,rank,sample,id,label,annotator\n1,1,1,1,cat,1\n", ""},
		"1 answers do not count, as the same annotator":         {"id,label,annotator,time\na,dog,ann,2026-01-02T03:04:05Z\na,cat,ann,2026-01-02T03:04:06Z\n", ""},
		`some answers have a time that is none`:                 {"id,label,time\na,dog,noon\nb,dog,soon\n", ""},
		"the class of an image is taken from its boxes":         {cocoText, ""},
		"1 samples have a class that somebody else skipped":     {"id,label\na,skip\na,cat\n", ""},
		"of 1 samples nobody gave a class":                      {"id,label\na,unsure\n", ""},
		"1 samples have answers that differ: they stay without": {tasksText(taskText("a", "choice=cat", "choice=dog"), taskText("b", "choice=dog")), Skip},
	} {
		r, err := Read(strings.NewReader(c.text), Config{FromName: "choice", ToName: "image", Disagreement: c.way})
		if err != nil || len(r.Notes) != 1 || !strings.HasPrefix(r.Notes[0], want) {
			t.Errorf("%+v, %v, want the note %q", r, err, want)
		}
	}
}

// A long list of problems stays one line.
func TestProblems(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("id,label\n")
	for i := range 25 {
		fmt.Fprintf(&text, "s%d,cow\n", i)
	}
	_, err := Read(strings.NewReader(text.String()), Config{FromName: "choice", Classes: data.Classes{Names: []string{"cat"}}})
	var p *ProblemsError
	if !errors.As(err, &p) || len(p.Problems) != 25 || !strings.HasSuffix(err.Error(), "; and 15 more") || strings.Contains(err.Error(), "\n") {
		t.Errorf("error is %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(tasksText(taskText("a", "choice=cat"))))
	f.Add([]byte("id,label\na,b\n"))
	f.Add([]byte("sample,id,choice,annotator\na,1,\"[\"\"x\"\"]\",1\n"))
	f.Add([]byte(`{"id":1,"label":2}`))
	f.Add([]byte(cvatText))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, way := range []Disagreement{Refuse, Last, Majority, DawidSkene, Skip} {
			r, err := Read(bytes.NewReader(text), Config{FromName: "choice", ToName: "image", Disagreement: way})
			if err != nil {
				continue
			}
			seen := map[string]bool{}
			for _, l := range r.Labels {
				if l.ID == "" || l.Class == "" || seen[l.ID] {
					t.Errorf("read %q", r.Labels)
				}
				seen[l.ID] = true
			}
		}
	})
}
