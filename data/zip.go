package data

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// zipSet closes the archive that its images are in.
type zipSet struct {
	Set
	archive *zip.ReadCloser
}

func (s *zipSet) Close() error { return closers{closer{s.Set}, s.archive}.Close() }

type closer struct{ Set }

func (c closer) Close() error { return Close(c.Set) }

// openZip opens an archive of arrays, of samples as WebDataset names them (key.png
// beside key.cls), or of folders as they would be on disk. A folder that holds all
// there is, is entered.
func openZip(path string, opts Options) (Set, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("it is no zip archive, or cut short: %w", err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".npy") }) {
		z.Close()
		return openNPZ(path, opts)
	}
	set, err := openZipImages(z, path, names, opts)
	if err != nil {
		z.Close()
		return nil, err
	}
	return set, nil
}

func openZipImages(z *zip.ReadCloser, path string, names []string, opts Options) (Set, error) {
	if slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, ".cls") }) {
		return openZipSamples(z, path, opts)
	}
	root, name, err := enterOnly(&z.Reader, path)
	if err != nil {
		return nil, err
	}
	set, err := openTree(root, name, opts)
	if err != nil {
		return nil, err
	}
	if s, ok := set.(*imageSet); ok { // its pixels stay visible as such
		s.imageSource = &zipSource{s.imageSource, z}
		return s, nil
	}
	return &zipSet{set, z}, nil
}

// zipSource closes the archive that its images are in.
type zipSource struct {
	imageSource
	archive *zip.ReadCloser
}

func (s *zipSource) Close() error { return closers{s.imageSource, s.archive}.Close() }

// enterOnly goes down to the first folder that is not alone where it is. One that is
// named as a split is not entered.
func enterOnly(root fs.FS, name string) (fs.FS, string, error) {
	for range maxDepth {
		images, folders, others, err := readFolder(root, ".")
		if err != nil || len(images)+len(others) > 0 || len(folders) != 1 || splitOf(folders[0]) != "" {
			return root, name, err
		}
		inner, below, _, err := readFolder(root, folders[0])
		if err != nil || len(inner) > 0 || len(below) == 0 {
			return root, name, err
		}
		if root, err = fs.Sub(root, folders[0]); err != nil {
			return nil, "", err
		}
		name += "/" + folders[0]
	}
	return root, name, nil
}

// openZipSamples reads the samples of an archive as those of a tar archive.
func openZipSamples(z *zip.ReadCloser, path string, opts Options) (Set, error) {
	s := newTarShards(nil)
	s.zip = z
	var texts labelTexts
	x := newTarIndex(s, &texts, path, opts)
	for i, f := range z.File {
		if f.FileInfo().IsDir() {
			continue
		}
		if err := x.zipped(i, f); err != nil {
			return nil, err
		}
	}
	x.flush()
	x.end(opts, path)
	s.ends = append(s.ends, s.Len())
	return s.finish(&texts, x.labelled, opts)
}

func (x *tarIndex) zipped(i int, f *zip.File) error {
	key := tarKey(f.Name)
	if key == "" {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	defer r.Close()
	x.entry(key, f.Name, int64(i), int64(f.UncompressedSize64), r)
	return nil
}

// loadZipped reads the first limit bytes of member number i of an archive.
func loadZipped(z *zip.ReadCloser, i int64, limit int, buf []byte) ([]byte, error) {
	m := z.File[i]
	r, err := m.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	buf = pixel.Grow(&buf, min(limit, int(m.UncompressedSize64)))
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, truncated(err)
	}
	return buf, nil
}
