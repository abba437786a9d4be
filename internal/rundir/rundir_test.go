package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

func create(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Create(path, Info{Command: []string{"prunefuse", "run"}, Seed: 7}, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func reopen(t *testing.T, path string) *Dir {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func finish(t *testing.T, d *Dir, n int) {
	t.Helper()
	if _, err := d.BeginRound(n); err != nil {
		t.Fatal(err)
	}
	if err := d.FinishRound(n, map[string]int{"n": n}); err != nil {
		t.Fatal(err)
	}
}

func wantLast(t *testing.T, d *Dir, want int, wantOK bool) {
	t.Helper()
	if n, ok, err := d.LastRound(); err != nil || n != want || ok != wantOK {
		t.Errorf("last round %d, %v, %v; want %d, %v", n, ok, err, want, wantOK)
	}
}

func names(t *testing.T, d *Dir) []string {
	t.Helper()
	var out []string
	for e, err := range d.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if e.Time.IsZero() {
			t.Errorf("event %s has no time", e.Name)
		}
		out = append(out, e.Name)
	}
	return out
}

func TestInfoSurvives(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "run")
	want := Info{
		Command: []string{"prunefuse", "run", "a <b>.yaml"}, Seed: 1 << 63,
		Versions: map[string]string{"prunefuse": "dev"}, Inputs: map[string]string{"dense.onnx": "ab"},
		Config: map[string]any{"rounds": 3.0},
	}
	d, err := Create(path, want, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "LOCK")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("LOCK after Close: %v", err)
	}
	want.Schema = Schema
	if got := reopen(t, path).Info(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	var typed struct{ Config struct{ Rounds int } }
	if err := ReadJSON(d.Path("run.json"), &typed); err != nil || typed.Config.Rounds != 3 {
		t.Errorf("config %+v, %v", typed, err)
	}
}

func TestCreateOverRun(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	keep := filepath.Join(path, "notes.txt")
	if err := os.WriteFile(keep, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	d := create(t, path)
	finish(t, d, 0)
	if err := d.Append("old", nil); err != nil {
		t.Fatal(err)
	}
	d.Close()

	_, err := Create(path, Info{}, false)
	if !errors.Is(err, atomicfile.ErrExists) || !strings.Contains(err.Error(), path+": it holds a run") {
		t.Errorf("error %v", err)
	}
	wantLast(t, reopenAndClose(t, path), 0, true)

	d, err = Create(path, Info{}, true)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	wantLast(t, d, 0, false)
	if got := names(t, d); len(got) != 0 {
		t.Errorf("events of the old run: %v", got)
	}
	if _, err := os.Stat(keep); err != nil {
		t.Errorf("a file that is not the run's is gone: %v", err)
	}
}

func TestCreateLeavesNothingOfAFailure(t *testing.T) {
	t.Parallel()
	unwritable := Info{Config: func() {}}
	parent := t.TempDir()
	if _, err := Create(filepath.Join(parent, "new"), unwritable, false); err == nil {
		t.Fatal("no error for a configuration that JSON cannot hold")
	}
	if _, err := Create(parent, unwritable, false); err == nil {
		t.Fatal("no error for a configuration that JSON cannot hold")
	}
	left, err := os.ReadDir(parent)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}

	// The log of events cannot be opened.
	if err := os.Mkdir(filepath.Join(parent, eventsName), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(parent, Info{}, false); err == nil {
		t.Fatal("no error for a folder in the place of the events")
	}
	if _, err := os.Stat(filepath.Join(parent, infoName)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a run without events was left: %v", err)
	}
}

func reopenAndClose(t *testing.T, path string) *Dir {
	t.Helper()
	d := reopen(t, path)
	d.Close()
	return d
}

func TestRounds(t *testing.T) {
	t.Parallel()
	d := create(t, t.TempDir())
	wantLast(t, d, 0, false)
	if got, want := filepath.Base(d.Round(3)), "round-003"; got != want {
		t.Errorf("round 3 is %s, want %s", got, want)
	}
	for n := range 3 {
		finish(t, d, n)
	}
	wantLast(t, d, 2, true)
	if _, err := d.BeginRound(1); err == nil {
		t.Error("a complete round was begun again")
	}
	finish(t, d, 4)
	wantLast(t, d, 2, true) // 3 is missing
	for _, name := range []string{"round-3", "round-x", "round--01"} {
		if err := os.Mkdir(d.Path(name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, d, 3)
	wantLast(t, d, 4, true)
	finish(t, d, 1000)
	if got, err := d.rounds(); err != nil || !slices.Equal(got, []int{0, 1, 2, 3, 4, 1000}) {
		t.Errorf("rounds %v, %v", got, err)
	}
	var metrics struct{ N int }
	if err := d.Metrics(4, &metrics); err != nil || metrics.N != 4 {
		t.Errorf("metrics %+v, %v", metrics, err)
	}
}

func TestInterruptedRoundIsBegunAnew(t *testing.T) {
	t.Parallel()
	d := create(t, t.TempDir())
	path, err := d.BeginRound(0)
	if err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(path, "scores.npy")
	if err := os.WriteFile(left, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	wantLast(t, d, 0, false)
	if _, err := d.BeginRound(0); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left, err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := create(t, path)
	for i := range 3 {
		if err := d.Append(fmt.Sprint("e", i), map[string]any{"text": "a\nb", "i": i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Append("bad", func() {}); err == nil {
		t.Error("a function was appended")
	}
	d.Close()
	log := filepath.Join(path, "events.jsonl")
	f, err := os.OpenFile(log, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	// A line cut short by a kill.
	if _, err := io.WriteString(f, `{"time":"2026-`+strings.Repeat("x", 9000)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if got := names(t, d); !slices.Equal(got, []string{"e0", "e1", "e2"}) {
		t.Errorf("before opening again: %v", got)
	}
	d = reopen(t, path)
	if err := d.Append("e3", nil); err != nil {
		t.Fatal(err)
	}
	if got := names(t, d); !slices.Equal(got, []string{"e0", "e1", "e2", "e3"}) {
		t.Errorf("after it: %v", got)
	}
	for e, err := range d.Events() {
		if err != nil {
			t.Fatal(err)
		}
		var data struct {
			Text string
			I    int
		}
		if err := json.Unmarshal(e.Data, &data); err != nil || data.Text != "a\nb" {
			t.Errorf("data %s: %v", e.Data, err)
		}
		break
	}
	content, _ := os.ReadFile(log)
	if n := bytes.Count(content, []byte("\n")); n != 4 {
		t.Errorf("%d lines, want 4", n)
	}
}

func TestViewIsReadOnly(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := create(t, path)
	finish(t, d, 0)
	v, err := View(path) // while d holds the lock
	if err != nil {
		t.Fatal(err)
	}
	wantLast(t, v, 0, true)
	if _, err := v.BeginRound(1); err == nil {
		t.Error("began a round without the lock")
	}
	if v.FinishRound(1, nil) == nil || v.Append("x", nil) == nil {
		t.Error("wrote without the lock")
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"":                           "is empty",
		"{\n\"schema\": \n}":         "line 3",
		`{"schema":"prunefuse.x/9"}`: `"prunefuse.x/9"`,
		`{"schema":3}`:               "run.json",
	} {
		path := t.TempDir()
		if err := os.WriteFile(filepath.Join(path, "run.json"), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: error %v, want one line with %s", content, err, want)
		}
	}
	empty := t.TempDir()
	if _, err := Open(empty); err == nil || !strings.Contains(err.Error(), "it holds no run") {
		t.Errorf("error %v", err)
	}
	if entries, _ := os.ReadDir(empty); len(entries) != 0 {
		t.Errorf("Open left %v in a folder that holds no run", entries)
	}
}

func TestHashFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path, []byte("abc"), 0o644); err != nil {
		t.Fatal(err)
	}
	const want = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // FIPS 180-2, B.1
	if got, err := HashFile(path); err != nil || got != want {
		t.Errorf("%s, %v", got, err)
	}
}
