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
		{ID: "c.png", Rank: 2, Class: "cat", Confidence: 0.6, Image: "images/0002-c.png"},
		{ID: "d.png", Rank: 3, Class: "dog", Confidence: 0.7, Image: "images/javascript:x.png"},
		{ID: "e", Rank: 4},
	}}
	var b strings.Builder
	if err := s.Write(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"first &lt;batch&gt;", "4 samples, in the order of choosing by margin; the classes are &#34;cat&#34;, &#34;dog&#34;.",
		"dog (2), cat (1)", "a/&lt;b&gt;.png", `src="images/0001-b.png"`, "dog? 51 %",
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
