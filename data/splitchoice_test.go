package data

import (
	"archive/zip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Whichever source holds splits under their names, that which is taken unasked, or for
// another, is said.
func TestChosenSplitIsSaid(t *testing.T) {
	t.Parallel()
	record := cifarRecords([]byte{1})
	images := npyBytes(header("|u1", "(1, 1, 2, 2)"), 1, 2, 3, 4)
	npz := func(names ...string) func(t *testing.T, dir string) string {
		return func(t *testing.T, dir string) string {
			var members []npzMember
			for _, n := range names {
				members = append(members, npzMember{n + ".npy", images})
			}
			return put(t, dir, "x.npz", npzBytes(t, zip.Store, members...))
		}
	}
	files := func(content []byte, names ...string) func(t *testing.T, dir string) string {
		return func(t *testing.T, dir string) string {
			for _, n := range names {
				put(t, dir, n, content)
			}
			return dir
		}
	}
	idx := idxBytes(ramp(4, 0), 1, 2, 2)
	tar := tarBytes(t, tarFile{"a.png", onePixel(t, 1)}, tarFile{"a.cls", []byte("0")})
	for about, c := range map[string]struct {
		write func(t *testing.T, dir string) string
		both  bool // there are train and test, else test alone
	}{
		"idx":               {files(idx, "train-images-idx3-ubyte", "t10k-images-idx3-ubyte"), true},
		"cifar":             {files(record, "data_batch_1.bin", "test_batch.bin"), true},
		"tar":               {files(tar, "train-0.tar", "test-0.tar"), true},
		"npz":               {npz("x_train", "x_test"), true},
		"npz of test alone": {npz("x_test"), false},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			spec := c.write(t, t.TempDir())
			for _, s := range []struct{ split, note string }{
				{"", "split train; there is also test"},
				{":train", ""},
				{":test", ""},
				{":val", "there is no split val: test is taken for it"},
			} {
				var notes []string
				set, err := Open(spec+s.split, Options{Note: func(n Note) { notes = append(notes, n.Text) }})
				if !c.both && (s.split == "" || s.split == ":train") {
					if err == nil && s.split == ":train" {
						t.Errorf("%s: opened", s.split)
					}
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", s.split, err)
				}
				_ = Close(set)
				if got := strings.Join(notes, "|"); got != s.note {
					t.Errorf("%q: notes %q, want %q", s.split, got, s.note)
				}
			}
		})
	}
}

// A split that stands alone is taken without a word: there is no other.
func TestOnlySplit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "train-images-idx3-ubyte"), idxBytes(ramp(4, 0), 1, 2, 2), 0o666); err != nil {
		t.Fatal(err)
	}
	var notes []string
	set := mustOpen(t, dir, Options{Note: func(n Note) { notes = append(notes, n.Text) }})
	if set.Len() != 1 || slices.Contains(notes, "split train") || len(notes) > 0 {
		t.Errorf("%d samples; notes %q", set.Len(), notes)
	}
}
