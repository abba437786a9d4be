package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/pixel"
	"github.com/prunefuse/prunefuse/internal/spelling"
)

// imageFolder is the source of the image files of a folder.
type imageFolder struct {
	listing // the IDs are the paths
	fsys    fs.FS
	empty   []string // classes without images
	apart   []string // folders of files that describe samples
	beside  int      // images beside folders
}

// ImageFolder reads the images of a folder. With subfolders each is a class, also
// an empty one: sorted by name, their positions are the labels, and images may lie
// at any depth below. Where all names are numbers these order them. A flat folder of
// images has no labels, nor has one that holds images beside subfolders. Names that
// begin with a dot, and folders of operating systems and tools, are passed over, and
// so are, with a [Note], files that are no images. Samples are ordered by class,
// then by path.
//
// Where the options leave the size open every header is read to see that all
// images have one size; where they leave the colours open, to see whether all
// are grey. Files whose header cannot be read are left to fail when they are
// read.
func ImageFolder(fsys fs.FS, opts Options) (Set, error) {
	return imagesOf(fsys, "the folder", "", opts)
}

// imagesOf reads a folder, which goes by a name in notes, of a split.
func imagesOf(fsys fs.FS, name, split string, opts Options) (Set, error) {
	f := &imageFolder{fsys: fsys, listing: listing{ids: new(names)}}
	passed := passedOver{}
	if err := f.list(passed); err != nil {
		return nil, err
	}
	passed.tell(opts)
	f.tell(name, split, opts)
	return asSet(newImageSet(f, opts))
}

// tell says what the folder was taken for.
func (f *imageFolder) tell(name, split string, opts Options) {
	text := fmt.Sprintf("%d images of %s, without labels", f.Len(), name)
	if n := len(f.classes); n > 0 && opts.Labels != "none" {
		text = fmt.Sprintf("%d classes from the folders of %s", n, name)
		if n == 1 {
			text = fmt.Sprintf("1 class from the one folder of %s: %s", name, f.classes[0])
		}
	} else if f.beside > 0 && opts.Labels != "none" {
		text = fmt.Sprintf("%d images of %s, without labels: %d of them stand beside its folders", f.Len(), name, f.beside)
	} else if split == "" {
		return
	}
	if split != "" {
		text += "; split " + split
	}
	opts.note("%s", text)
	if len(f.empty) > 0 && opts.Labels != "none" {
		opts.note("no images of %s", quoted(f.empty))
	}
	if len(f.apart) > 0 && len(f.classes) > 0 && opts.Labels != "none" {
		opts.note("no class: %s, whose files are no images", quoted(f.apart))
	}
}

// asSet keeps a failed constructor's nil from becoming a Set.
func asSet(s *imageSet, err error) (Set, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// list fills in paths, labels and classes.
func (f *imageFolder) list(passed passedOver) error {
	flat, folders, files, err := readFolder(f.fsys, ".")
	if err != nil {
		return err
	}
	if len(flat)+len(folders) == 0 {
		passed.all(files)
		return errors.New("the folder holds no images, idx files, CIFAR files, tar shards or Parquet files" + passed.suffix())
	}
	passed.all(files)
	sortNumbers(folders)
	root := []string{"."}
	for _, folder := range folders {
		others := passedOver{}
		images, err := imagesBelow(f.fsys, folder, root, nil, others)
		if err != nil {
			return err
		}
		passed.merge(others)
		if len(images) == 0 && others.describe() {
			f.apart = append(f.apart, folder)
			continue
		}
		if len(images) == 0 {
			f.empty = append(f.empty, folder)
		}
		slices.Sort(images)
		for _, image := range images {
			f.ids.add(image)
			f.labels = append(f.labels, int32(len(f.classes)))
		}
		f.classes = append(f.classes, spelling.Composed(folder))
	}
	if err := distinct(f.classes); err != nil {
		return err
	}
	if f.ids.len()+len(flat) == 0 {
		return errors.New("the folder holds no images, idx files, CIFAR files, tar shards or Parquet files" + passed.suffix())
	}
	if len(flat) > 0 {
		f.flatten(flat)
	}
	return f.ids.checkText()
}

// flatten makes a list without classes of one with, and of the images beside the
// folders of these.
func (f *imageFolder) flatten(flat []string) {
	if f.ids.len() > 0 {
		f.beside = len(flat)
	}
	for i := range f.ids.len() {
		flat = append(flat, f.ids.at(i))
	}
	slices.Sort(flat)
	f.listing, f.empty = listing{ids: new(names)}, nil
	for _, image := range flat {
		f.ids.add(image)
	}
}

// sortNumbers orders names by their numbers where all are numbers.
func sortNumbers(folders []string) {
	for _, name := range folders {
		if n, err := strconv.Atoi(name); err != nil || n < 0 {
			return
		}
	}
	slices.SortFunc(folders, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
	})
}

// maxDepth ends the descent where links lead back to a folder above and that
// cannot be seen otherwise.
const maxDepth = 64

// imagesBelow appends the paths of the images in dir and below to images. A link
// to one of the folders above, which is in it already, is passed over.
func imagesBelow(fsys fs.FS, dir string, above, images []string, passed passedOver) ([]string, error) {
	if len(above) > maxDepth {
		return nil, fmt.Errorf("%s: folders are nested more than %d deep", dir, maxDepth)
	}
	own, folders, files, err := readFolder(fsys, dir)
	if err != nil {
		return nil, err
	}
	passed.all(files)
	images = append(images, own...)
	above = append(slices.Clip(above), dir)
	for _, folder := range folders {
		if leadsBack(fsys, folder, above) {
			continue
		}
		if images, err = imagesBelow(fsys, folder, above, images, passed); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// leadsBack reports whether dir is one of the folders above it.
func leadsBack(fsys fs.FS, dir string, above []string) bool {
	info, err := fs.Stat(fsys, dir)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(above, func(name string) bool {
		other, err := fs.Stat(fsys, name)
		return err == nil && os.SameFile(info, other)
	})
}

// entriesAtATime is how many entries of a folder are in memory with all that is
// known of them.
const entriesAtATime = 4096

// eachEntry goes over the entries of dir in no order.
func eachEntry(fsys fs.FS, dir string, use func(fs.DirEntry)) error {
	f, err := fsys.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	d, ok := f.(fs.ReadDirFile)
	if !ok {
		return fmt.Errorf("%s: its entries cannot be listed", dir)
	}
	for {
		entries, err := d.ReadDir(entriesAtATime)
		for _, e := range entries {
			use(e)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// readFolder returns the images, the folders and the other files in dir, the
// folders sorted. Links are followed; those to nothing are kept as images, so that
// they are reported.
func readFolder(fsys fs.FS, dir string) (images, folders, others []string, err error) {
	err = eachEntry(fsys, dir, func(e fs.DirEntry) {
		name := path.Join(dir, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(fsys, name)
			isDir = err == nil && info.IsDir()
		}
		switch {
		case isDir && !ofSystem(e.Name()):
			folders = append(folders, name)
		case isDir || systemFile(e.Name()):
		case isImageName(e.Name()) || path.Ext(e.Name()) == "" && isImage(fsys, name):
			images = append(images, name)
		default:
			others = append(others, name)
		}
	})
	slices.Sort(folders)
	return images, folders, others, err
}

// isImage tells by the beginning of a file.
func isImage(fsys fs.FS, name string) bool {
	f, err := fsys.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, headBytes))
	return err == nil && pixel.Recognize(head)
}

// isImageName tells by the extension of a file's name.
func isImageName(name string) bool {
	name = path.Base(name)
	return !strings.HasPrefix(name, ".") && pixel.HasExtension(name)
}

func (f *imageFolder) Close() error { return nil }

func (f *imageFolder) load(i, limit int, buf []byte) ([]byte, error) {
	name := f.ids.at(i)
	file, err := f.fsys.Open(name)
	if err != nil {
		return nil, bare(err, name)
	}
	defer file.Close()
	return loadFile(file, limit, buf)
}

// loadFile reads the first limit bytes of a file to buf, or to a longer one.
func loadFile(file fs.File, limit int, buf []byte) ([]byte, error) {
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a folder")
	case info.Size() > maxEncoded:
		return nil, errTooLarge
	case info.Size() == 0:
		return nil, errEmpty
	}
	buf = pixel.Grow(&buf, min(limit, int(info.Size())))
	if _, err := io.ReadFull(file, buf); err != nil {
		return nil, truncated(err)
	}
	return buf, nil
}

// distinct refuses names that differ in Unicode's spelling alone.
func distinct(names []string) error {
	seen := make(map[string]bool, len(names))
	for _, name := range names {
		if seen[name] {
			return fmt.Errorf("two folders are named %q in different spellings of Unicode (NFC and NFD): rename one, or move its files", name)
		}
		seen[name] = true
	}
	return nil
}
