package loop_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/labelling/page"
	"github.com/prunefuse/prunefuse/loop"
)

// onPage answers for the batch of the run on its page, one sample after the other, until
// there is none left.
func (c *crew) onPage(annotator string) {
	c.t.Helper()
	s, err := page.NewServer(func() (*page.Batch, error) { return loop.BatchFor(c.dir) }, page.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	defer s.Close()
	var shown struct {
		Batch   string
		Classes []string
		Item    *struct {
			K     int
			ID    string
			Image bool
		}
	}
	ask := func(method, path, body string) []byte {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			c.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
		}
		return w.Body.Bytes()
	}
	show := func(answer []byte) {
		shown.Item = nil
		if err := json.Unmarshal(answer, &shown); err != nil {
			c.t.Fatal(err)
		}
	}
	show(ask("GET", "/state?as="+annotator, ""))
	for shown.Item != nil {
		if shown.Item.Image && len(ask("GET", fmt.Sprintf("/image/%d", shown.Item.K), "")) == 0 {
			c.t.Fatalf("no image of %s", shown.Item.ID)
		}
		class := slices.Index(shown.Classes, c.labels[shown.Item.ID])
		body, _ := json.Marshal(map[string]any{"as": annotator, "batch": shown.Batch, "k": shown.Item.K, "class": class})
		show(ask("POST", "/answer", string(body)))
	}
}
