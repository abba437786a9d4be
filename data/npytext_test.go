package data

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"unicode/utf8"
)

// textArray is what numpy.save writes of texts: dtype <U of as many characters as the
// longest has, or |S of as many bytes.
func textArray(unicode bool, texts ...string) []byte {
	width := 1
	for _, s := range texts {
		width = max(width, len(s))
	}
	var values []byte
	for _, s := range texts {
		if !unicode {
			values = append(append(values, s...), make([]byte, width-len(s))...)
			continue
		}
		for _, r := range s {
			values = binary.LittleEndian.AppendUint32(values, uint32(r))
		}
		values = append(values, make([]byte, 4*(width-utf8.RuneCountInString(s)))...)
	}
	descr := fmt.Sprintf("|S%d", width)
	if unicode {
		descr = fmt.Sprintf("<U%d", width)
	}
	return npyBytes(header(descr, fmt.Sprintf("(%d,)", len(texts))), values...)
}

func TestLabelsAsTextArrays(t *testing.T) {
	t.Parallel()
	images := npyBytes(header("|u1", "(4, 1, 2, 2)"), make([]byte, 16)...)
	for about, c := range map[string]struct {
		labels  []byte
		classes []string
		want    []int
		err     string
	}{
		"characters":      {textArray(true, "eel", "cat", "café", "cat"), []string{"café", "cat", "eel"}, []int{2, 1, 0, 1}, ""},
		"bytes":           {textArray(false, "eel", "cat", "dog", "cat"), []string{"cat", "dog", "eel"}, []int{2, 0, 1, 0}, ""},
		"none":            {textArray(true, "eel", "", "nan", "cat"), []string{"cat", "eel"}, []int{1, -1, -1, 0}, ""},
		"numbers":         {textArray(true, "3", "0", "1.0", "-1"), nil, []int{3, 0, 1, -1}, ""},
		"several classes": {textArray(true, "a", "b", "a,b", "b"), nil, nil, "lists several classes"},
		"too many":        {textArray(true, "a", "b", "a", "b", "c"), nil, nil, "5 labels for 4 samples"},
		"objects":         {npyBytes(header("|O", "(4,)"), make([]byte, 32)...), nil, nil, "pickled Python objects"},
		"no characters":   {npyBytes(header("<U1", "(4,)"), slices.Repeat([]byte{0xff}, 16)...), []string{"\ufffd"}, []int{0, 0, 0, 0}, ""},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			flag := put(t, dir, "classes.npy", c.labels)
			beside := t.TempDir()
			put(t, beside, "labels.npy", c.labels)
			for way, open := range map[string]func() (Set, error){
				"named": func() (Set, error) {
					return Open(put(t, dir, "x.npy", images), Options{Labels: flag})
				},
				"beside": func() (Set, error) { return Open(put(t, beside, "x.npy", images), Options{}) },
				"npz": func() (Set, error) {
					return Open(put(t, dir, "x.npz", npzBytes(t, zip.Store, npzMember{"x.npy", images}, npzMember{"y.npy", c.labels})), Options{})
				},
			} {
				set, err := open()
				if c.err != "" {
					wantError(t, err, c.err)
					continue
				}
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				if got := slices.Collect(Labels(set)); !slices.Equal(got, c.want) || !slices.Equal(set.Classes(), c.classes) {
					t.Errorf("%s: labels %v of %q, want %v of %q", way, got, set.Classes(), c.want, c.classes)
				}
				_ = Close(set)
			}
		})
	}
}

// Texts are labels, and no samples.
func TestTextsAreNoSamples(t *testing.T) {
	t.Parallel()
	_, err := Open(put(t, t.TempDir(), "x.npy", textArray(true, "a", "b")), Options{})
	wantError(t, err, `values of type "<U1" are not read`)
}

// Names of samples are the same in both of Unicode's spellings.
func TestSpellingOfSamples(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "img"), "cafe\u0301.png", onePixel(t, 1))
	put(t, filepath.Join(dir, "img"), "bar.png", onePixel(t, 2))
	labels := put(t, dir, "labels.csv", []byte("path,label\ncaf\u00e9.png,eel\nbar.png,cat\n"))
	only := put(t, dir, "only.txt", []byte("caf\u00e9.png\n"))
	set := mustOpen(t, filepath.Join(dir, "img"), Options{Labels: labels, Only: only})
	if set.Len() != 1 || set.ID(0) != "cafe\u0301.png" || set.Classes()[set.Label(0)] != "eel" {
		t.Errorf("%d samples, the first %q of class %d of %q", set.Len(), set.ID(0), set.Label(0), set.Classes())
	}
}
