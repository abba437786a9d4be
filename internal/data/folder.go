package data

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// imageFolder is a set of image files, each decoded when it is read.
type imageFolder struct {
	fsys    fs.FS
	shape   Shape
	resize  bool
	classes []string
	paths   []string
	labels  []int // nil for an unlabelled folder
}

// ImageFolder reads the .png, .jpg, .jpeg, .gif, .bmp and .webp files of a
// folder. With subfolders that hold images, each is a class: sorted by name,
// their positions are the labels, and images may lie at any depth below. A flat
// folder of images has no labels. Names that begin with a dot are passed over.
// Samples are ordered by class, then by path.
//
// Where Options.Size is zero every header is read to see that all images have
// one size; where Options.Channels is zero, to see whether all are grey. Files
// whose header cannot be read are left to fail when they are read.
func ImageFolder(fsys fs.FS, opts Options) (Set, error) {
	s := &imageFolder{fsys: fsys, resize: opts.Size != [2]int{}}
	if err := s.list(); err != nil {
		return nil, err
	}
	s.shape = Shape{opts.Channels, opts.Size[0], opts.Size[1]}
	if opts.Channels == 0 || !s.resize {
		if err := s.survey(opts); err != nil {
			return nil, err
		}
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

func isImageName(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp":
		return !strings.HasPrefix(name, ".")
	}
	return false
}

// list fills in paths, labels and classes.
func (s *imageFolder) list() error {
	flat, folders, err := readFolder(s.fsys, ".")
	if err != nil {
		return err
	}
	for _, folder := range folders {
		images, err := imagesBelow(s.fsys, folder, 0)
		if err != nil {
			return err
		}
		if len(images) == 0 {
			continue
		}
		for range images {
			s.labels = append(s.labels, len(s.classes))
		}
		s.classes = append(s.classes, folder)
		s.paths = append(s.paths, images...)
	}
	switch {
	case len(flat) > 0 && len(s.paths) > 0:
		return fmt.Errorf("it has images (%s) beside its class folders (%s)", flat[0], s.classes[0])
	case len(flat) > 0:
		s.paths = flat
	case len(s.paths) == 0:
		return errors.New("the folder holds no images, idx files or CIFAR files")
	}
	return nil
}

// maxDepth ends the descent into links that lead back to a folder above.
const maxDepth = 16

// imagesBelow returns the paths of the images in dir and below, sorted.
func imagesBelow(fsys fs.FS, dir string, depth int) ([]string, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: folders are nested more than %d deep", dir, maxDepth)
	}
	images, folders, err := readFolder(fsys, dir)
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		below, err := imagesBelow(fsys, folder, depth+1)
		if err != nil {
			return nil, err
		}
		images = append(images, below...)
	}
	slices.Sort(images)
	return images, nil
}

// readFolder returns the images and the folders in dir, each sorted. Links are
// followed; those to nothing are kept as images, so that they are reported.
func readFolder(fsys fs.FS, dir string) (images, folders []string, err error) {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range entries {
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
	}
	return images, folders, nil
}

// survey reads the headers and settles the parts of the shape that the options
// leave open.
func (s *imageFolder) survey(opts Options) error {
	headers := make([]image.Config, len(s.paths))
	err := parallel(context.Background(), len(s.paths), 0, func(i int) {
		if f, err := s.fsys.Open(s.paths[i]); err == nil {
			headers[i], _ = imageHeader(bufio.NewReader(f))
			f.Close()
		}
	})
	if err != nil {
		return err
	}
	first, grey := -1, true
	for i, h := range headers {
		if h.ColorModel == nil || h.Width == 0 {
			continue
		}
		grey = grey && isGrey(h.ColorModel)
		if first < 0 {
			first = i
		}
		if f := headers[first]; !s.resize && (h.Width != f.Width || h.Height != f.Height) {
			return fmt.Errorf("images differ in size (%s is %d×%d, %s is %d×%d); give a size to resize them to",
				s.paths[first], f.Height, f.Width, s.paths[i], h.Height, h.Width)
		}
	}
	if first < 0 {
		return fmt.Errorf("none of its %d images can be read", len(s.paths))
	}
	if !s.resize {
		s.shape.H, s.shape.W = headers[first].Height, headers[first].Width
	}
	if opts.Channels == 0 {
		s.shape.C = 3
		if grey {
			s.shape.C = 1
		}
	}
	return nil
}

func (s *imageFolder) Len() int          { return len(s.paths) }
func (s *imageFolder) Shape() Shape      { return s.shape }
func (s *imageFolder) Classes() []string { return s.classes }
func (s *imageFolder) ID(i int) string   { return s.paths[i] }

func (s *imageFolder) Label(i int) int {
	if s.labels == nil {
		return -1
	}
	return s.labels[i]
}

func (s *imageFolder) Read(i int, dst []float32) error {
	if err := checkDst(dst, s.shape); err != nil {
		return err
	}
	if err := s.read(s.paths[i], dst); err != nil {
		return fmt.Errorf("read image %s: %w", s.paths[i], bare(err, s.paths[i]))
	}
	return nil
}

func (s *imageFolder) read(name string, dst []float32) error {
	content, err := fs.ReadFile(s.fsys, name)
	if err != nil {
		return err
	}
	img, err := decodeImage(content)
	if err != nil {
		return err
	}
	stored := Shape{s.shape.C, img.Bounds().Dy(), img.Bounds().Dx()}
	if stored == s.shape {
		planes(img, stored.C, dst)
		return nil
	}
	if !s.resize {
		return fmt.Errorf("it is %d×%d, the others are %d×%d", stored.H, stored.W, s.shape.H, s.shape.W)
	}
	return withFloats(stored.Size(), func(src []float32) error {
		planes(img, stored.C, src)
		resample(src, stored, dst, s.shape.H, s.shape.W)
		return nil
	})
}
