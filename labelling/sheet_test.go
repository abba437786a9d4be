package labelling

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
)

func TestSheet(t *testing.T) {
	t.Parallel()
	s := Sheet{Title: "first <batch>", Strategy: "margin", Classes: data.Classes{Names: []string{"cat", "dog"}}, Items: []Item{
		{ID: "a/<b>.png", Rank: 1, Class: "dog", Confidence: 0.512, Image: "images/0001-b.png"},
		{ID: "c.png", Rank: 2, Class: "cat", Confidence: 0.6, Score: "margin 0.1", Place: "cluster 4", Best: []Guess{{"cat", 0.6}, {"dog", 0.4}}, Image: "images/0002-c.png"},
		{ID: "d.png", Rank: 3, Class: "dog", Confidence: 0.7, Image: "images/javascript:x.png"},
		{ID: "e", Rank: 4},
	}}
	if err := s.Count([]int{1, 0, 1}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"first &lt;batch&gt;", "4 samples, in the order of choosing by margin; the classes are &#34;cat&#34;, &#34;dog&#34;.",
		"dog (2), cat (1)", "a/&lt;b&gt;.png", `src="images/0001-b.png"`, "dog? 51 %",
		"Labelled so far: dog (2), cat (1).", "chosen by margin 0.1", "cluster 4", "cat? 60 %", "dog? 40 %",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, b.String())
		}
	}
	for _, outside := range []string{"http://", "https://", "<script"} {
		if strings.Contains(b.String(), outside) {
			t.Errorf("the page has %q", outside)
		}
	}
}
