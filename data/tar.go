package data

import (
	"archive/tar"
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// tarShards is the source of the images of tar archives as WebDataset writes
// them: consecutive files that share their name up to its first dot are one
// sample, the image by its extension, the label as .cls or in .json. Images are
// read in place.
type tarShards struct {
	listing
	files   *openFiles
	ends    []int // of each archive, in samples
	offsets []int64
	sizes   []int64
	faults  map[int]error   // samples that cannot be read
	zip     *zip.ReadCloser // that they are in, instead of files: offsets are numbers of its members
}

func newTarShards(paths []string) *tarShards {
	return &tarShards{listing: listing{ids: new(names)}, files: newOpenFiles(paths), faults: map[int]error{}}
}

func isTarName(name string) bool { return strings.EqualFold(path.Ext(name), ".tar") }

// isPackedTar reports whether a name is that of a compressed archive.
func isPackedTar(name string) bool {
	name = strings.ToLower(name)
	ext := path.Ext(name)
	return ext == ".tgz" || isTarName(strings.TrimSuffix(name, ext))
}

// openTar lists the samples of archives by one pass over their headers.
func openTar(paths []string, opts Options) (Set, error) {
	if err := uniqueShards(paths); err != nil {
		return nil, err
	}
	s := newTarShards(paths)
	var texts labelTexts
	labelled := false
	for _, path := range paths {
		x := newTarIndex(s, &texts, path, opts)
		if err := x.file(path); err != nil {
			if len(paths) > 1 {
				err = fmt.Errorf("%s: %w", path, bare(err, path))
			}
			return nil, err
		}
		x.end(opts, path)
		s.ends = append(s.ends, s.Len())
		labelled = labelled || x.labelled
	}
	return s.finish(&texts, labelled, opts)
}

// finish makes a set of the samples that were listed.
func (s *tarShards) finish(texts *labelTexts, labelled bool, opts Options) (Set, error) {
	if opts.LabelColumn != "" && !labelled {
		return nil, fmt.Errorf("no sample has a .json with a field named %s", opts.LabelColumn)
	}
	err := errors.Join(s.ids.checkUnique(), s.ids.checkText())
	if err == nil && labelled {
		s.labels, s.classes, err = texts.settle(opts, s.ids.at)
	}
	if err != nil {
		return nil, err
	}
	set, err := asSet(newImageSet(s, opts))
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return set, nil
}

func (s *tarShards) Close() error {
	if s.zip != nil {
		return s.zip.Close()
	}
	return s.files.Close()
}

func (s *tarShards) load(i, limit int, buf []byte) ([]byte, error) {
	if err := s.faults[i]; err != nil {
		return nil, err
	}
	size := s.sizes[i]
	switch {
	case size > maxEncoded:
		return nil, errTooLarge
	case size == 0:
		return nil, errEmpty
	}
	if s.zip != nil {
		return loadZipped(s.zip, s.offsets[i], limit, buf)
	}
	buf = pixel.Grow(&buf, min(limit, int(size)))
	err := s.files.with(sort.SearchInts(s.ends, i+1), func(f *os.File) error {
		return readAt(f, buf, s.offsets[i])
	})
	return buf, err
}

// tarIndex goes over one archive.
type tarIndex struct {
	s        *tarShards
	labels   *labelTexts
	prefix   string
	column   string // of a .json that holds the label
	labelled bool   // a sample had one

	group  tarGroup
	begin  int                 // the first sample of the archive
	lone   map[string]tarLabel // labels of samples whose image is not beside them
	hidden int                 // images taken for further files of a sample
	dotted string              // one of them
	passed passedOver          // files that are of no known kind
}

// tarLabel is the label of a sample, and why it cannot be read.
type tarLabel struct {
	text  string
	fault error
}

// tarGroup is a sample of which some files were seen.
type tarGroup struct {
	key          string
	offset, size int64
	rank         int // of the image's extension; 0 for none yet
	images       int // of those that have dots in their extension
	dotted       string
	label        string
	fault        error
}

func newTarIndex(s *tarShards, labels *labelTexts, path string, opts Options) *tarIndex {
	return &tarIndex{s: s, labels: labels, prefix: shardName(path) + "/", column: opts.LabelColumn, begin: s.Len(), passed: passedOver{}}
}

func (x *tarIndex) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return x.archive(f, info.Size())
}

// archive lists the samples of an archive. One that is cut short is read as far
// as it goes; what is missing is a sample that says so.
func (x *tarIndex) archive(r io.ReaderAt, size int64) error {
	before := x.s.Len()
	w := &windowReader{r: r, size: size}
	t := tar.NewReader(w)
	end, last := int64(0), "" // where the files listed so far end, and the last sample
	for {
		h, err := t.Next()
		if err != nil {
			x.flush()
			if errors.Is(err, io.EOF) && size > end {
				break // there is an end marker
			}
			if x.s.Len() == before {
				if errors.Is(err, tar.ErrHeader) {
					return errors.New("it is no tar archive")
				}
				return errors.New("it holds no images (key.jpg, key.png, …), or is cut short before the first")
			}
			x.lost(end, last)
			return nil
		}
		at := w.at
		end = at + (h.Size+511)&^511
		if h.Typeflag != tar.TypeReg {
			continue
		}
		key := tarKey(h.Name)
		if key == "" {
			continue
		}
		last = key
		if at+h.Size > size {
			x.entry(key, h.Name, at, h.Size, nil)
			x.group.fault = fmt.Errorf("the archive is cut short: %d of %d bytes of %s are there, and what followed is lost", size-at, h.Size, h.Name)
			x.flush()
			return nil
		}
		x.entry(key, h.Name, at, h.Size, t)
	}
	if x.s.Len() == before {
		return errors.New("it holds no images (key.jpg, key.png, …)" + x.passed.suffix())
	}
	return nil
}

// lost adds a sample that stands for those after the end of a damaged archive.
func (x *tarIndex) lost(end int64, last string) {
	x.group = tarGroup{key: "(rest)", fault: fmt.Errorf("the archive is damaged or cut short at byte %d: what followed %s is lost", end, last)}
	x.flush()
}

// tarKey is a name up to the first dot of its last part; it is empty for hidden
// files.
func tarKey(name string) string {
	dir, base := path.Split(strings.TrimPrefix(name, "./"))
	stem, _, _ := strings.Cut(base, ".")
	if stem == "" {
		return ""
	}
	return dir + stem
}

// maxLabelFile bounds the files that are read for labels.
const maxLabelFile = 1 << 20

// entry takes one file of a sample into account.
func (x *tarIndex) entry(key, name string, at, size int64, content io.Reader) {
	if key != x.group.key {
		x.flush()
		x.group.key = key
	}
	g := &x.group
	_, ext, _ := strings.Cut(path.Base(name), ".")
	ext = strings.ToLower(ext)
	switch {
	case isImageName(name):
		// key.png before key.mask.png
		rank := 1
		if !strings.Contains(ext, ".") {
			rank = 2
		} else {
			g.images++
			g.dotted = name
		}
		if rank > g.rank {
			g.offset, g.size, g.rank = at, size, rank
		}
	case ext != "cls" && ext != "json":
		if !slices.Contains(companions, path.Ext(name)) && !strings.Contains(ext, ".") {
			x.passed.add(name)
		}
	case content == nil || size > maxLabelFile:
	default:
		b, err := io.ReadAll(content)
		if err == nil {
			err = x.label(g, ext, b)
		}
		if err != nil {
			g.fault = fmt.Errorf("%s: %w", name, err)
		}
	}
}

// label reads that of a sample. A .cls comes before a .json, unless a field of
// that was named.
func (x *tarIndex) label(g *tarGroup, ext string, content []byte) error {
	if ext == "cls" {
		if x.column == "" {
			g.label = strings.TrimSpace(string(content))
		}
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(content, &object); err != nil {
		if x.column == "" {
			return nil // it may be for others
		}
		return err
	}
	raw, ok := field(object, x.column, labelColumns)
	if !ok || g.label != "" {
		return nil
	}
	text, err := jsonText(raw)
	if err != nil && x.column != "" {
		return fmt.Errorf("field %s %w", x.column, err)
	}
	g.label = text
	return nil
}

// flush adds the sample whose files were seen. What has no image is none, unless
// there is something to say.
func (x *tarIndex) flush() {
	g := x.group
	x.group = tarGroup{}
	if g.rank == 0 && g.key != "" && g.label != "" {
		if x.lone == nil {
			x.lone = map[string]tarLabel{}
		}
		x.lone[g.key] = tarLabel{g.label, g.fault}
		return
	}
	if g.rank == 0 && g.fault == nil {
		return
	}
	if g.rank == 1 && g.images > 1 {
		x.hidden += g.images - 1
		x.dotted = g.dotted
	}
	if g.fault != nil {
		x.s.faults[x.s.Len()] = g.fault
	}
	x.labelled = x.labelled || g.label != ""
	x.s.ids.add(x.prefix + g.key)
	x.s.offsets = append(x.s.offsets, g.offset)
	x.s.sizes = append(x.s.sizes, g.size)
	x.labels.add(g.label)
}

// end gives labels that did not stand beside their images to these, and tells what
// was lost.
func (x *tarIndex) end(opts Options, archive string) {
	for i := x.begin; i < x.s.Len() && len(x.lone) > 0; i++ {
		key := strings.TrimPrefix(x.s.ID(i), x.prefix)
		l, ok := x.lone[key]
		if !ok || x.labels.at[i] >= 0 {
			continue
		}
		delete(x.lone, key)
		x.labels.set(i, l.text)
		x.labelled = true
		if l.fault != nil {
			x.s.faults[i] = l.fault
		}
	}
	if n := len(x.lone); n > 0 {
		one := slices.Min(slices.Collect(maps.Keys(x.lone)))
		opts.lost(n, "%s: %d labels have no image, as that of %s%s", archive, n, one, x.passed.suffix())
	} else {
		x.passed.tell(opts)
	}
	if x.hidden > 0 {
		opts.lost(x.hidden, "%s: %d images are passed over as further files of a sample: its key ends at the first dot of a name, as in %s; put another sign for it",
			archive, x.hidden, x.dotted)
	}
}

// windowReader reads a file by small stretches and passes over others: headers
// are read, what lies between is not.
type windowReader struct {
	r        io.ReaderAt
	size, at int64
	buf      [4096]byte
	from, to int64 // what buf holds
}

func (w *windowReader) Read(p []byte) (int, error) {
	if w.at >= w.size {
		return 0, io.EOF
	}
	if w.at < w.from || w.at >= w.to {
		n, err := w.r.ReadAt(w.buf[:min(int64(len(w.buf)), w.size-w.at)], w.at)
		if n == 0 {
			return 0, err
		}
		w.from, w.to = w.at, w.at+int64(n)
	}
	n := copy(p, w.buf[w.at-w.from:w.to-w.from])
	w.at += int64(n)
	return n, nil
}

func (w *windowReader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += w.at
	case io.SeekEnd:
		offset += w.size
	}
	if offset < 0 {
		return w.at, errors.New("seek before the start")
	}
	w.at = offset
	return offset, nil
}
