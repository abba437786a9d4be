package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

type config struct {
	Rounds int               `json:"rounds"`
	Label  map[string]string `json:"label,omitempty"`
}

func sample() Info {
	return Info{
		Command: []string{"prunefuse", "run", "a <b>.yaml"}, Seed: 1 << 63,
		Versions: map[string]string{"prunefuse": "dev"}, Inputs: map[string]string{"pool": "ab"},
		Config: config{Rounds: 3, Label: map[string]string{"strategy": "margin"}},
	}
}

func open(t *testing.T, path string, info Info, o Options) *Dir {
	t.Helper()
	d, err := Open(path, info, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func add(t *testing.T, d *Dir, events ...string) {
	t.Helper()
	for _, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Append(Line{Seconds: 0.1, Event: text}); err != nil {
			t.Fatal(err)
		}
	}
}

func events(d *Dir) string {
	var out []string
	for _, l := range d.Lines() {
		out = append(out, string(l.Event))
	}
	return strings.Join(out, " ")
}

func TestOpenGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "deep", "run")
	d := open(t, path, sample(), Options{})
	add(t, d, "<one>", "two")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "LOCK")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("LOCK after Close: %v", err)
	}
	d = open(t, path, sample(), Options{})
	add(t, d, "three")
	d.Close()

	view, err := View(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := events(view); got != `"\u003cone\u003e" "two" "three"` {
		t.Errorf("events %s", got)
	}
	var c config
	if err := view.ReadConfig(&c); err != nil || !reflect.DeepEqual(c, sample().Config) {
		t.Errorf("config %+v, %v", c, err)
	}
	if err := view.Append(Line{Event: json.RawMessage("1")}); err == nil || !strings.Contains(err.Error(), "for reading only") {
		t.Errorf("append to a view: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	other := func(change func(*Info)) Info {
		info := sample()
		change(&info)
		return info
	}
	for _, tc := range []struct {
		name, want string
		info       Info
		spoil      func(path string) error
	}{
		{"another configuration", "another configuration: label.strategy differs", other(func(i *Info) {
			i.Config = config{Rounds: 3, Label: map[string]string{"strategy": "entropy"}}
		}), nil},
		{"other data", "pool has changed since", other(func(i *Info) { i.Inputs = map[string]string{"pool": "cd"} }), nil},
		{"other inputs", "of other inputs", other(func(i *Info) { i.Inputs = map[string]string{"pool": "ab", "x": ""} }), nil},
		{"other means", "its run began with prunefuse dev, and this is v9", other(func(i *Info) { i.Versions = map[string]string{"prunefuse": "v9"} }), nil},
		{"an earlier layout", `schema "prunefuse.run/1" of an earlier version`, sample(), replace("run.json", Schema, earlier)},
		{"a later layout", `schema "prunefuse.run/9", want`, sample(), replace("run.json", Schema, "prunefuse.run/9")},
		{"an edited run.json", "line 1: it is not what the run", sample(), replace("run.json", "a <b>.yaml", "b.yaml")},
		{"an edited event", "line 2: it is not what the run", sample(), replace("events.jsonl", `"two"`, `"TWO"`)},
		{"an edited time", "line 1: it is not what the run", sample(), replace("events.jsonl", `"seconds":0.1`, `"seconds":0.2`)},
		{"a dropped line", "line 2: it is not what the run", sample(), func(path string) error {
			return editLines(path, func(l [][]byte) [][]byte { return append(l[:1:1], l[2:]...) })
		}},
		{"exchanged lines", "line 1: it is not what the run", sample(), func(path string) error {
			return editLines(path, func(l [][]byte) [][]byte { return [][]byte{l[1], l[0], l[2]} })
		}},
		{"a line of nothing", "line 1: it is not what the run", sample(), func(path string) error {
			return editLines(path, func(l [][]byte) [][]byte { return append([][]byte{[]byte("\n")}, l...) })
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			d := open(t, path, sample(), Options{})
			add(t, d, "one", "two", "three")
			d.Close()
			if tc.spoil != nil {
				if err := tc.spoil(path); err != nil {
					t.Fatal(err)
				}
			}
			before := snapshot(t, path)
			_, err := Open(path, tc.info, Options{Owned: []string{"*.onnx"}, Computes: []string{"prunefuse"}})
			if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want one line with %q", err, tc.want)
			}
			if after := snapshot(t, path); !reflect.DeepEqual(after, before) {
				t.Error("the folder was changed")
			}
			d = open(t, path, tc.info, Options{Force: true})
			if events(d) != "" {
				t.Error("events are left by --force")
			}
		})
	}
}

func replace(name, from, to string) func(string) error {
	return func(path string) error {
		path = filepath.Join(path, name)
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, bytes.Replace(b, []byte(from), []byte(to), 1), 0o666)
	}
}

func editLines(dir string, edit func([][]byte) [][]byte) error {
	path := filepath.Join(dir, "events.jsonl")
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	return os.WriteFile(path, bytes.Join(edit(lines[:len(lines)-1]), nil), 0o666)
}

func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		out[e.Name()] = string(b)
	}
	return out
}

// A log that was cut anywhere is good up to its last complete line.
func TestLogCutShort(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := open(t, path, sample(), Options{})
	add(t, d, "one", "two")
	d.Close()
	log := filepath.Join(path, "events.jsonl")
	whole, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(whole) {
		if err := os.WriteFile(log, whole[:n], 0o666); err != nil {
			t.Fatal(err)
		}
		d, err := Open(path, sample(), Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if got, want := len(d.Lines()), bytes.Count(whole[:n], []byte("\n")); got != want {
			t.Fatalf("cut at %d: %d events, want %d", n, got, want)
		}
		d.Close()
	}
	d = open(t, path, sample(), Options{})
	add(t, d, "again")
	if got := events(d); got != `"one" "again"` {
		t.Errorf("events %s", got)
	}
}

// A run.json of another program keeps --force from all that is beside it.
func TestForceKeepsOthersFolder(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, content, want string }{
		{"another program's", `{"wandb": 1}`, `schema ""`},
		{"another schema", `{"schema": "x"}`, `schema "x", want`},
		{"empty", "", "the file is empty"},
		{"no JSON", "run", "run.json"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			thesis := filepath.Join(path, "first", "thesis.txt")
			if err := os.Mkdir(filepath.Dir(thesis), 0o777); err != nil {
				t.Fatal(err)
			}
			for file, content := range map[string]string{thesis: "mine", filepath.Join(path, "run.json"): tc.content} {
				if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, force := range []bool{false, true} {
				_, err := Open(path, sample(), Options{Owned: []string{"first"}, Force: force})
				if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("force %v: error %v, want one line with %q", force, err, tc.want)
				}
			}
			if b, err := os.ReadFile(thesis); err != nil || string(b) != "mine" {
				t.Errorf("thesis.txt is %q, %v", b, err)
			}
			if b, err := os.ReadFile(filepath.Join(path, "run.json")); err != nil || string(b) != tc.content {
				t.Errorf("run.json is %q, %v", b, err)
			}
		})
	}
}

// Files of others are never removed, and folders of theirs never written to.
func TestOpenInUsedFolder(t *testing.T) {
	t.Parallel()
	o := Options{Owned: []string{"*.onnx", "work"}}
	path := t.TempDir()
	for _, name := range []string{"notes.txt", "dense.onnx"} {
		if err := os.WriteFile(filepath.Join(path, name), []byte("mine"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(path, sample(), o); !errors.Is(err, atomicfile.ErrExists) || !strings.Contains(err.Error(), "dense.onnx exists") {
		t.Errorf("error %v", err)
	}
	o.Force = true
	open(t, path, sample(), o).Close()
	if _, err := os.Stat(filepath.Join(path, "notes.txt")); err != nil {
		t.Error(err)
	}

	path = t.TempDir()
	if err := os.Mkdir(filepath.Join(path, "work"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path, sample(), o); err == nil || !strings.Contains(err.Error(), "a folder work") {
		t.Errorf("error %v", err)
	}
}

func TestViewOfNothing(t *testing.T) {
	t.Parallel()
	if _, err := View(t.TempDir()); err == nil || !strings.Contains(err.Error(), "it holds no run") {
		t.Errorf("error %v", err)
	}
}
