package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestArchives writes archives twice, from files of other times and in another
// order, and reads them back.
func TestArchives(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_700_000_000, 0).UTC()
	for _, ending := range []string{".tar.gz", ".zip"} {
		var written [2][]byte
		for i := range written {
			dir := t.TempDir()
			var entries []entry
			for _, name := range []string{"b", "a/c"} {
				path := filepath.Join(dir, filepath.Base(name))
				if err := os.WriteFile(path, []byte("content of "+name), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(path, at, at.Add(time.Duration(i)*time.Hour)); err != nil {
					t.Fatal(err)
				}
				entries = append(entries, entry{"x/" + name, path, 0o755})
			}
			if i == 1 {
				entries[0], entries[1] = entries[1], entries[0]
			}
			path := filepath.Join(dir, "x"+ending)
			if err := writeArchive(path, entries, at); err != nil {
				t.Fatal(err)
			}
			var err error
			if written[i], err = os.ReadFile(path); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(written[0], written[1]) {
			t.Errorf("%s: the same files give other bytes", ending)
		}
		names, contents := unpack(t, ending, written[0])
		if len(names) != 2 || names[0] != "x/a/c" || contents[0] != "content of a/c" || names[1] != "x/b" || contents[1] != "content of b" {
			t.Errorf("%s holds %q with %q", ending, names, contents)
		}
	}
}

func unpack(t *testing.T, ending string, b []byte) (names, contents []string) {
	t.Helper()
	read := func(name string, mode os.FileMode, r io.Reader) {
		content, err := io.ReadAll(r)
		if err != nil || mode&0o111 == 0 {
			t.Fatalf("%s: mode %v, %v", name, mode, err)
		}
		names, contents = append(names, name), append(contents, string(content))
	}
	if ending == ".zip" {
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			read(f.Name, f.Mode(), r)
		}
		return names, contents
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return names, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		read(h.Name, os.FileMode(h.Mode), r)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	if all, err := choose(""); err != nil || len(all) != len(targets()) {
		t.Errorf("%v, %v", all, err)
	}
	two, err := choose("windows/amd64,linux/arm64")
	if err != nil || len(two) != 2 || two[0].ending() != ".zip" || two[0].program() != "prunefuse.exe" || two[1].os != "linux" {
		t.Errorf("%v, %v", two, err)
	}
	if _, err := choose("plan9/mips"); err == nil {
		t.Error("an unknown target is built")
	}
}
