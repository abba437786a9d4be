package report

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestWriteAndRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := sample(t)
	if err := Write(dir, r); err != nil {
		t.Fatal(err)
	}
	back, err := Read(filepath.Join(dir, JSONName))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, r) {
		t.Error("the report that was read is not the one that was written")
	}
	page, err := os.ReadFile(filepath.Join(dir, HTMLName))
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != render(t, back) {
		t.Error("the page is not the one of report.json")
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 {
		t.Errorf("files left behind: %v", files)
	}
}

func TestWriteLeavesTheOldReportOnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := []byte("old")
	for _, name := range []string{HTMLName, JSONName} {
		if err := os.WriteFile(filepath.Join(dir, name), old, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	r := sample(t)
	r.Accuracies[0].Total = -1
	if err := Write(dir, r); err == nil {
		t.Fatal("an impossible report was written")
	}
	for _, name := range []string{HTMLName, JSONName} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(got, old) {
			t.Errorf("%s is now %q, %v", name, got, err)
		}
	}
	if err := Write(filepath.Join(dir, "missing"), sample(t)); err == nil || !strings.Contains(err.Error(), "missing") {
		t.Errorf("error %v does not name the folder", err)
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ content, want string }{
		"empty":        {"", "not a report"},
		"text":         {"hello", "not a report"},
		"other schema": {`{"schema":"prunefuse.run/1"}`, `schema is "prunefuse.run/1", this version reads "prunefuse.report/1"`},
		"impossible":   {`{"schema":"prunefuse.report/1","accuracies":[{"name":"a","correct":2,"total":1}]}`, "2 correct of 1"},
		"wrong type":   {`{"schema":"prunefuse.report/1","title":3}`, "not a report"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "r.json")
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			_, err := Read(path)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one with %q and the path", err, test.want)
			}
		})
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("a file that is not there was read")
	}
}
