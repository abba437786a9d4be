package data

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// npzArchive is an .npz file: a zip archive of .npy files.
type npzArchive struct {
	file    *os.File
	members []*zip.File
	names   []string // without .npy
}

// openNPZ opens the array of samples in an .npz file, and that of their labels
// where there is one. A stored array is read in place; a compressed one is
// unpacked to a temporary file first.
func openNPZ(path string, opts Options) (Set, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	set, err := newNPZSet(f, path, opts)
	if err != nil {
		f.Close()
		return nil, err
	}
	return set, nil
}

func newNPZSet(f *os.File, path string, opts Options) (Set, error) {
	z, err := readNPZ(f)
	if err != nil {
		return nil, err
	}
	samples, labels, err := z.choose(opts)
	if err != nil {
		return nil, err
	}
	a, err := z.open(samples)
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", z.names[samples], err)
	}
	set, err := newNPYSet(a, path, shardName(path)+"/"+z.names[samples]+"/", opts)
	if err == nil && labels >= 0 && opts.Labels == "" {
		set, err = z.label(set, labels, opts)
	}
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("array %s: %w", z.names[samples], err)
	}
	return set, nil
}

func readNPZ(f *os.File) (*npzArchive, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r, err := zip.NewReader(f, info.Size())
	if err != nil {
		return nil, fmt.Errorf("it is no zip archive, or cut short: %w", err)
	}
	z := &npzArchive{file: f}
	for _, m := range r.File {
		if name, ok := strings.CutSuffix(m.Name, ".npy"); ok {
			z.members = append(z.members, m)
			z.names = append(z.names, name)
		}
	}
	if len(z.members) == 0 {
		return nil, errors.New("it holds no arrays")
	}
	return z, nil
}

// choose finds the arrays of samples and labels (-1 for none) by the names that
// the options give, or by those that are usual.
func (z *npzArchive) choose(opts Options) (samples, labels int, err error) {
	sampleNames := []string{"x", "X", "images", "data"}
	there := map[string]bool{}
	for _, s := range []string{"train", "test", "val"} {
		there[s] = slices.ContainsFunc(ofSplit(s, sampleNames), func(n string) bool { return slices.Contains(z.names, n) })
	}
	split := ""
	if opts.PathColumn == "" {
		split = chooseSplit(opts, there)
	}
	find := func(name string, letters, words []string) int {
		if name != "" {
			return slices.Index(z.names, name)
		}
		usual := ofSplit(cmp.Or(split, opts.Split, "train"), letters)
		if opts.Split == "" || opts.Split == "train" {
			usual = append(append(usual, letters...), words...)
		}
		for _, u := range usual {
			if i := slices.Index(z.names, u); i >= 0 {
				return i
			}
		}
		return -1
	}
	samples = find(opts.PathColumn, sampleNames, []string{"arr_0"})
	labels = find(opts.LabelColumn, []string{"y", "Y", "labels", "label"}, []string{"arr_1"})
	switch {
	case samples < 0 && opts.PathColumn == "" && opts.Split == "" && len(z.names) == 1:
		samples = 0
	case samples < 0 && opts.PathColumn != "":
		return 0, 0, z.missing(opts.PathColumn)
	case samples < 0:
		return 0, 0, fmt.Errorf("none of its arrays (%s) is known to hold samples; name the one that does", strings.Join(z.names, ", "))
	case labels < 0 && opts.LabelColumn != "":
		return 0, 0, z.missing(opts.LabelColumn)
	}
	return samples, labels, nil
}

// ofSplit lists the usual names of the arrays of a split.
func ofSplit(split string, letters []string) (names []string) {
	for _, w := range letters {
		names = append(names, w+"_"+split, split+"_"+w)
	}
	return names
}

func (z *npzArchive) missing(name string) error {
	return fmt.Errorf("none of its arrays (%s) is named %s", strings.Join(z.names, ", "), name)
}

// open opens an array, which closes the archive.
func (z *npzArchive) open(k int) (*NPY, error) {
	m := z.members[k]
	if m.Method == zip.Store {
		offset, err := m.DataOffset()
		if err != nil {
			return nil, err
		}
		size := int64(m.UncompressedSize64)
		a, err := NewNPY(io.NewSectionReader(z.file, offset, size), size)
		if err != nil {
			return nil, err
		}
		a.closer = z.file
		return a, nil
	}
	f, size, err := unpackMember(m)
	if err != nil {
		return nil, err
	}
	a, err := NewNPY(f, size)
	if err != nil {
		f.Close()
		return nil, err
	}
	a.closer = closers{f, z.file}
	return a, nil
}

// label gives a set the labels in array k.
func (z *npzArchive) label(set Set, k int, opts Options) (Set, error) {
	labels, classes, err := z.labels(k, opts, positionOr(set))
	if err == nil && len(labels) != set.Len() {
		err = fmt.Errorf("%d labels for %d samples", len(labels), set.Len())
	}
	if err != nil {
		return nil, fmt.Errorf("labels %s: %w", z.names[k], err)
	}
	return WithLabels(set, labels, classes)
}

// maxLabels bounds the bytes of an array of labels.
const maxLabels = 1 << 32

func (z *npzArchive) labels(k int, opts Options, id func(i int) string) (labels []int, classes []string, err error) {
	r, err := z.members[k].Open()
	if err != nil {
		return nil, nil, err
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxLabels))
	if err != nil {
		return nil, nil, truncated(err)
	}
	a, err := newNPY(bytes.NewReader(content), int64(len(content)), true)
	if err != nil {
		return nil, nil, err
	}
	return a.labels(opts, id)
}

// unpackMember writes a member to a temporary file, which is gone when it is
// closed.
func unpackMember(m *zip.File) (_ *temporary, size int64, err error) {
	r, err := m.Open()
	if err != nil {
		return nil, 0, err
	}
	defer r.Close()
	f, err := os.CreateTemp("", "prunefuse-*.npy")
	if err != nil {
		return nil, 0, err
	}
	// Where an open file can lose its name, it leaves nothing behind even if the
	// process is killed.
	t := &temporary{f, os.Remove(f.Name()) != nil}
	if size, err = io.Copy(f, r); err != nil {
		t.Close()
		return nil, 0, fmt.Errorf("unpack it to %s: %w; numpy.savez, without compression, is read in place", os.TempDir(), truncated(err))
	}
	return t, size, nil
}

type temporary struct {
	*os.File
	named bool // it still has its name
}

func (t *temporary) Close() error {
	err := t.File.Close()
	if t.named {
		os.Remove(t.Name())
	}
	return err
}

// closers are closed together.
type closers []io.Closer

func (c closers) Close() error {
	errs := make([]error, len(c))
	for i, one := range c {
		errs[i] = one.Close()
	}
	return errors.Join(errs...)
}
