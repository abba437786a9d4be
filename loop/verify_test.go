package loop_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// labelled does a run for which ann and bob label, of whom bob changes his mind after
// the first batch, and tells what the run noted.
func labelled(t *testing.T, asked config.Config, dir string) (notes []string) {
	t.Helper()
	o := options(dir)
	o.Note = func(n data.Note) { notes = append(notes, n.Text) }
	c := newCrew(t, dir, asked.Data)
	first := waits(t, asked, o)
	c.answerAs(first.Batch, "ann", 1, 1, nil)
	c.answerAs(first.Batch, "bob", 1, 1, nil)
	second := waits(t, asked, o)
	c.answerAs(first.Batch, "bob", 0, 1, nil)
	c.answerAs(first.Batch, "eve", 0, 1, nil)
	c.answerAs(second.Batch, "ann", 1, 1, nil)
	third := waits(t, asked, o)
	c.answerAs(third.Batch, "ann", 1, 1, nil)
	if err := loop.Run(t.Context(), asked, o); err != nil {
		t.Fatal(err)
	}
	return notes
}

func verify(t *testing.T, dir string) error {
	t.Helper()
	v, err := loop.Verify(dir)
	if err == nil && (v.Annotations == 0 || v.Labels == 0 || v.Files == 0 || v.Events == 0) {
		t.Errorf("verified %+v", v)
	}
	return err
}

// Every byte that is changed and every line that is removed is found, in the log of
// labels and elsewhere.
func TestVerify(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	dir := filepath.Join(folder, "run")
	notes := labelled(t, asked, dir)
	if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, "another class than the label that was taken") }) {
		t.Errorf("notes %q", notes)
	}
	if err := verify(t, dir); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "labels.jsonl")
	good, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(good, []byte(`"withdrawn":true`)); n == 0 {
		t.Errorf("what bob said first is not withdrawn in\n%s", good)
	}
	spoiled := func(about, path string, content []byte) {
		t.Helper()
		was, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		var differs *loop.DiffersError
		if err := verify(t, dir); !errors.As(err, &differs) || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: %v", about, err)
		}
		if err := os.WriteFile(path, was, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for at := 0; at < len(good); at += 37 {
		bad := slices.Clone(good)
		bad[at] ^= 1
		spoiled(fmt.Sprintf("byte %d", at), log, bad)
	}
	bad := slices.Clone(good)
	bad[len(bad)-1] ^= 1
	spoiled("the last line break", log, bad)
	lines := bytes.SplitAfter(bytes.TrimSuffix(good, []byte("\n")), []byte("\n"))
	for at := range lines {
		spoiled(fmt.Sprintf("line %d removed", at+1), log, bytes.Join(slices.Delete(slices.Clone(lines), at, at+1), nil))
	}
	spoiled("all removed", log, nil)
	spoiled("a line more", log, append(slices.Clone(good), lines[0]...))
	spoiled("a line cut", log, append(slices.Clone(good), '{'))
	for _, name := range []string{"events.jsonl", "first/labels.jsonl", "round-000/selected.jsonl", "selector.onnx"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)/2] ^= 1
		spoiled(name, filepath.Join(dir, name), content)
	}
	if err := verify(t, dir); err != nil {
		t.Error(err)
	}
	var differs *loop.DiffersError
	if err := verify(t, folder); err == nil || errors.As(err, &differs) {
		t.Errorf("a folder without a run: %v", err)
	}
}

// A run whose step was interrupted between the log of labels and the event goes on to
// the same log; a run whose log was changed does not go on.
func TestLabelLogAfterKill(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	folder, _, asked := twoWays(t)
	dir := filepath.Join(folder, "run")
	_ = labelled(t, asked, dir)
	log, events := filepath.Join(dir, "labels.jsonl"), filepath.Join(dir, "events.jsonl")
	good, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	want := products(t, dir)
	cut := bytes.LastIndex(whole[:bytes.LastIndex(whole, []byte(`"kind":"labelled"`))], []byte("\n")) + 1
	if err := os.WriteFile(events, whole[:cut], 0o666); err != nil {
		t.Fatal(err)
	}
	var differs *loop.DiffersError
	if err := verify(t, dir); !errors.As(err, &differs) || !strings.Contains(err.Error(), "that no event names") {
		t.Errorf("error %v", err)
	}
	if err := loop.Run(t.Context(), asked, options(dir)); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(log); err != nil || !bytes.Equal(again, good) {
		t.Errorf("the log is\n%s, was\n%s (%v)", again, good, err)
	}
	same(t, want, products(t, dir))
	if err := verify(t, dir); err != nil {
		t.Error(err)
	}
	for about, bad := range map[string][]byte{
		"a class changed": bytes.Replace(good, []byte(`"class":"ant"`), []byte(`"class":"bee"`), 1),
		"the end lost":    good[:bytes.LastIndex(good[:len(good)-1], []byte("\n"))+1],
	} {
		if err := errors.Join(os.WriteFile(log, bad, 0o666), os.WriteFile(events, whole[:cut], 0o666)); err != nil {
			t.Fatal(err)
		}
		if about == "the end lost" { // of what an event names
			if err := errors.Join(os.WriteFile(events, whole, 0o666), os.Remove(filepath.Join(dir, "report.html"))); err != nil {
				t.Fatal(err)
			}
		}
		if err := loop.Run(t.Context(), asked, options(dir)); err == nil || !strings.Contains(err.Error(), "labels.jsonl") {
			t.Errorf("%s: error %v", about, err)
		}
	}
}
