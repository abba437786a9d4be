package data

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// imageFolder is the source of the image files of a folder.
type imageFolder struct {
	listing // the IDs are the paths
	fsys    fs.FS
}

// ImageFolder reads the .png, .jpg, .jpeg, .gif, .bmp and .webp files of a
// folder. With subfolders that hold images, each is a class: sorted by name,
// their positions are the labels, and images may lie at any depth below. A flat
// folder of images has no labels, nor has one that holds images beside such
// subfolders. Names that begin with a dot are passed over. Samples are ordered
// by class, then by path.
//
// Where the options leave the size open every header is read to see that all
// images have one size; where they leave the colours open, to see whether all
// are grey. Files whose header cannot be read are left to fail when they are
// read.
func ImageFolder(fsys fs.FS, opts Options) (Set, error) {
	f := &imageFolder{fsys: fsys, listing: listing{ids: new(names)}}
	if err := f.list(); err != nil {
		return nil, err
	}
	return asSet(newImageSet(f, opts))
}

// asSet keeps a failed constructor's nil from becoming a Set.
func asSet(s *imageSet, err error) (Set, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// splitFolder returns the subfolder of a split where root holds one: dir/train
// and dir/test or dir/val beside each other, or the one that was asked for.
func splitFolder(root fs.FS, split string) (fs.FS, error) {
	has := func(name string) bool {
		info, err := fs.Stat(root, name)
		return err == nil && info.IsDir()
	}
	names := map[string][]string{"": {"train"}, "train": {"train"}, "test": {"test", "val"}, "val": {"val"}}[split]
	for _, name := range names {
		if has(name) && (split != "" || has("test") || has("val")) {
			return fs.Sub(root, name)
		}
	}
	if split != "" && split != "train" || split == "train" && (has("test") || has("val")) {
		return nil, fmt.Errorf("it has no split %s", split)
	}
	return root, nil
}

// isImageName tells by the extension, in either case.
func isImageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// list fills in paths, labels and classes.
func (f *imageFolder) list() error {
	flat, folders, err := readFolder(f.fsys, ".")
	if err != nil {
		return err
	}
	root := []string{"."}
	for _, folder := range folders {
		images, err := imagesBelow(f.fsys, folder, root, nil)
		if err != nil {
			return err
		}
		if len(images) == 0 {
			continue
		}
		slices.Sort(images)
		for _, image := range images {
			f.ids.add(image)
			f.labels = append(f.labels, int32(len(f.classes)))
		}
		f.classes = append(f.classes, folder)
	}
	if len(flat) == 0 {
		if f.ids.len() == 0 {
			return errors.New("the folder holds no images, idx files, CIFAR files, tar shards or Parquet files")
		}
		return nil
	}
	for i := range f.ids.len() {
		flat = append(flat, f.ids.at(i))
	}
	slices.Sort(flat)
	f.listing = listing{ids: new(names)}
	for _, image := range flat {
		f.ids.add(image)
	}
	return nil
}

// maxDepth ends the descent where links lead back to a folder above and that
// cannot be seen otherwise.
const maxDepth = 64

// imagesBelow appends the paths of the images in dir and below to images. A link
// to one of the folders above, which is in it already, is passed over.
func imagesBelow(fsys fs.FS, dir string, above, images []string) ([]string, error) {
	if len(above) > maxDepth {
		return nil, fmt.Errorf("%s: folders are nested more than %d deep", dir, maxDepth)
	}
	own, folders, err := readFolder(fsys, dir)
	if err != nil {
		return nil, err
	}
	images = append(images, own...)
	above = append(slices.Clip(above), dir)
	for _, folder := range folders {
		if leadsBack(fsys, folder, above) {
			continue
		}
		if images, err = imagesBelow(fsys, folder, above, images); err != nil {
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

// readFolder returns the images and the folders in dir, the latter sorted. Links
// are followed; those to nothing are kept as images, so that they are reported.
func readFolder(fsys fs.FS, dir string) (images, folders []string, err error) {
	err = eachEntry(fsys, dir, func(e fs.DirEntry) {
		name := path.Join(dir, e.Name())
		isDir := e.IsDir()
		if e.Type()&fs.ModeSymlink != 0 {
			info, err := fs.Stat(fsys, name)
			isDir = err == nil && info.IsDir()
		}
		switch {
		case isDir && !strings.HasPrefix(e.Name(), "."):
			folders = append(folders, name)
		case !isDir && isImageName(e.Name()):
			images = append(images, name)
		}
	})
	slices.Sort(folders)
	return images, folders, err
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
