package page

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
)

var animals = []string{"cat", "dog", "eel"}

// writeBatch writes a batch of n images in a folder of a run, and returns the function
// that opens it.
func writeBatch(t testing.TB, run string, n int, change ...func(*Batch)) func() (*Batch, error) {
	t.Helper()
	folder, answers := filepath.Join(run, "round", "batch"), filepath.Join(run, "answers")
	if err := os.MkdirAll(filepath.Join(folder, "images"), 0o777); err != nil {
		t.Fatal(err)
	}
	b := Batch{Title: "Animals: round", Classes: animals}
	for i := range n {
		img := image.NewGray(image.Rect(0, 0, 16, 16))
		for k := range img.Pix {
			img.Pix[k] = color.Gray{byte(i * 7)}.Y
		}
		var content bytes.Buffer
		if err := png.Encode(&content, img); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("images/%04d.png", i+1)
		if err := os.WriteFile(filepath.Join(folder, name), content.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
		b.Items = append(b.Items, Item{ID: fmt.Sprintf("s%03d.png", i), Rank: i + 1, Image: name, Guess: animals[i%3]})
	}
	for _, c := range change {
		c(&b)
	}
	var content bytes.Buffer
	if err := b.Write(&content); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, DescriptionFile), content.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return func() (*Batch, error) { return Read(folder, answers) }
}

// client talks to a server as the page does.
type client struct {
	t testing.TB
	h http.Handler
	v view
}

func serve(t testing.TB, open func() (*Batch, error)) *client {
	t.Helper()
	s, err := NewServer(open, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &client{t: t, h: s}
}

func (c *client) do(method, path string, body any) (code int, text string) {
	c.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(b))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	c.h.ServeHTTP(w, r)
	if w.Code == http.StatusOK && strings.HasPrefix(w.Header().Get("Content-Type"), "application/json") {
		c.v = view{}
		if err := json.Unmarshal(w.Body.Bytes(), &c.v); err != nil {
			c.t.Fatal(err)
		}
	}
	return w.Code, w.Body.String()
}

func (c *client) must(method, path string, body any) {
	c.t.Helper()
	if code, text := c.do(method, path, body); code != http.StatusOK {
		c.t.Fatalf("%s %s: %d %s", method, path, code, text)
	}
}

func (c *client) state(as string) { c.t.Helper(); c.must("GET", "/state?as="+as, nil) }

// say answers for the sample that is shown.
func (c *client) say(as string, class int) {
	c.t.Helper()
	c.must("POST", "/answer", said{As: as, Batch: c.v.Batch, K: c.v.Item.K, Class: class})
}

// written reads the answers as a run does: by sample and annotator.
func written(t testing.TB, run string) map[string]string {
	t.Helper()
	r, err := labelling.ReadFiles([]string{filepath.Join(run, "answers", AnswersFile)}, labelling.Config{
		FromName: "choice", ToName: "image", Classes: data.Classes{Names: animals}, Disagreement: labelling.Last,
	})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, a := range r.Annotations {
		label := a.Class
		switch {
		case a.Skip:
			label = "skip"
		case a.Unsure:
			label = "unsure"
		}
		out[a.Sample+" "+a.Annotator] = label
	}
	return out
}

// What people say is on disk, in a form that a run reads, and shown one by one.
func TestAnswers(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	open := writeBatch(t, run, 4)
	c := serve(t, open)
	c.state("Ann")
	if v := c.v; v.Item.K != 0 || v.After != 1 || v.Asked != 4 || !v.Skip || !v.Unsure || v.Item.Guess != "" {
		t.Fatalf("shown at first: %+v", v)
	}
	c.say("Ann", 1)
	c.say("Ann", 0)
	c.must("POST", "/answer", said{As: "Ann", Batch: c.v.Batch, K: 2, Class: -1, Skip: true})
	c.must("POST", "/undo", said{As: "Ann", Batch: c.v.Batch})
	if c.v.Item.K != 2 || c.v.Mine != 2 {
		t.Fatalf("after undo: %+v", c.v)
	}
	c.must("POST", "/answer", said{As: "Ann", Batch: c.v.Batch, K: 2, Class: -1, Unsure: true})
	c.must("POST", "/answer", said{As: "Ann", Batch: c.v.Batch, K: 0, Class: 2}) // changes her mind
	if c.v.Item.K != 3 || c.v.Answered != 3 || c.v.Last[0].K != 0 || c.v.Last[0].Label != "eel" {
		t.Fatalf("after four answers: %+v", c.v)
	}
	want := map[string]string{"s000.png Ann": "eel", "s001.png Ann": "cat", "s002.png Ann": "unsure"}
	if got := written(t, run); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("on disk: %v, want %v", got, want)
	}
	c.state("Bob")
	if c.v.Item.K != 3 || c.v.Mine != 0 || len(c.v.Last) != 0 || fmt.Sprint(c.v.People) != "[Ann]" {
		t.Errorf("Bob goes on with %+v", c.v)
	}
	c.say("Bob", 0)
	if c.v.Item != nil || c.v.Answered != 4 {
		t.Errorf("at the end: %+v", c.v)
	}
}

// Samples that want two annotators are shown to two, and none twice to one.
func TestOverlap(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	c := serve(t, writeBatch(t, run, 3, func(b *Batch) { b.Items[1].Wanted = 2 }))
	c.state("Ann")
	for range 3 {
		c.say("Ann", 0)
	}
	if c.v.Item != nil || c.v.Answered != 2 {
		t.Fatalf("Ann is shown %+v", c.v)
	}
	c.state("Bob")
	if c.v.Item.K != 1 || c.v.After != -1 {
		t.Fatalf("Bob is shown %+v", c.v)
	}
	c.say("Bob", 1)
	if c.v.Item != nil || c.v.Answered != 3 {
		t.Errorf("at the end: %+v", c.v)
	}
}

// A server that begins anew goes on, also where the clock was set back; a second one at
// the same time is refused; the next batch is taken up when the page is loaded.
func TestServersAndBatches(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	open := writeBatch(t, run, 3)
	s, err := NewServer(open, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, h: s}
	c.state("Ann")
	c.say("Ann", 1)
	if _, err := NewServer(open, Options{}); err == nil || !strings.Contains(err.Error(), "another page serves this folder") {
		t.Errorf("a second server: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := NewServer(open, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	again.answers.now = func() time.Time { return time.Unix(0, 0) }
	c.h = again
	c.state("Ann")
	c.say("Ann", 2)
	if a := again.answers.list; len(a) != 2 || !a[1].Time.After(a[0].Time) {
		t.Errorf("answers %+v", a)
	}
	old := c.v.Batch
	next := writeBatch(t, filepath.Join(run, "next"), 2, func(b *Batch) { b.Items[0].ID, b.Items[1].ID = "t0", "t1" })
	again.open = func() (*Batch, error) {
		b, err := next()
		b.Answers = filepath.Join(run, "answers")
		return b, err
	}
	c.must("GET", "/", nil)
	if code, text := c.do("POST", "/answer", said{As: "Ann", Batch: old, K: 0}); code != http.StatusConflict {
		t.Errorf("an answer to the batch before: %d %s", code, text)
	}
	c.state("Ann")
	if c.v.Item.ID != "t0" || c.v.Asked != 2 || c.v.Mine != 0 {
		t.Errorf("the next batch: %+v", c.v)
	}
	c.say("Ann", 0)
	if got := written(t, run); len(got) != 3 || got["t0 Ann"] != "cat" || got["s000.png Ann"] != "dog" {
		t.Errorf("on disk: %v", got)
	}
}

// Classes that are called as the other answers are take these away.
func TestClassesNamedAsOtherAnswers(t *testing.T) {
	t.Parallel()
	c := serve(t, writeBatch(t, t.TempDir(), 1, func(b *Batch) { b.Classes = []string{"skip", "unsure"} }))
	c.state("Ann")
	if c.v.Skip || c.v.Unsure {
		t.Error("skip and unsure are offered")
	}
	if code, _ := c.do("POST", "/answer", said{As: "Ann", Batch: c.v.Batch, Class: -1, Skip: true}); code != http.StatusBadRequest {
		t.Errorf("skipped: %d", code)
	}
}

// Batches and answers that are not as they were written are refused by name.
func TestBrokenFiles(t *testing.T) {
	t.Parallel()
	for about, c := range map[string]struct {
		file, content, want string
	}{
		"no batch":         {"round/batch/batch.json", "", "read batch"},
		"no JSON":          {"round/batch/batch.json", "{", "unexpected end"},
		"another schema":   {"round/batch/batch.json", `{"schema":"x"}`, `its schema is "x"`},
		"an image outside": {"round/batch/batch.json", `{"schema":"prunefuse.batch/1","classes":["a","b"],"items":[{"id":"x","image":"../../secret"}]}`, "not in the folder of the batch"},
		"twice":            {"round/batch/batch.json", `{"schema":"prunefuse.batch/1","classes":["a","b"],"items":[{"id":"x"},{"id":"x"}]}`, "there twice"},
		"one class":        {"round/batch/batch.json", `{"schema":"prunefuse.batch/1","classes":["a"],"items":[{"id":"x"}]}`, "at least two classes"},
		"half an answer":   {"answers/page.jsonl", `{"id":"s0","label":"cat","annotator":"Ann"}` + "\n" + `{"id":"s`, "answer 2"},
		"no annotator":     {"answers/page.jsonl", `{"id":"s0","label":"cat"}`, "answer 1: it lacks id, label or annotator"},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			run := t.TempDir()
			open := writeBatch(t, run, 2)
			path := filepath.Join(run, c.file)
			err := os.MkdirAll(filepath.Dir(path), 0o777)
			if err == nil && c.content == "" {
				err = os.Remove(path)
			} else if err == nil {
				err = os.WriteFile(path, []byte(c.content), 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := NewServer(open, Options{}); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v lacks %q", err, c.want)
			}
		})
	}
}

// An image that is gone, or leads out of the folder, is no reason to stop.
func TestImages(t *testing.T) {
	t.Parallel()
	run := t.TempDir()
	secret := filepath.Join(run, "secret.png")
	if err := os.WriteFile(secret, []byte("secret"), 0o666); err != nil {
		t.Fatal(err)
	}
	c := serve(t, writeBatch(t, run, 3))
	images := filepath.Join(run, "round", "batch", "images")
	if err := os.Remove(filepath.Join(images, "0002.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(images, "0003.png")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(images, "0003.png")); err != nil {
		t.Skip(err)
	}
	for k, want := range []int{http.StatusOK, http.StatusGone, http.StatusGone} {
		code, text := c.do("GET", fmt.Sprintf("/image/%d", k), nil)
		if code != want || strings.Contains(text, "secret") {
			t.Errorf("image %d: %d %q", k, code, text)
		}
	}
}
