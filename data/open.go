package data

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// Options say how [Open] reads a set. The zero value reads it as it is stored.
type Options struct {
	// Size is the height and width that samples are resized to; with a width
	// of zero the height is that of the shorter side, and the other follows.
	// Zero keeps theirs, which then must be the same for all.
	Size [2]int

	// Crop is the height and width of the middle of a sample that is kept
	// after it was resized. Zero keeps all of it.
	Crop [2]int

	// Filter resizes: "bilinear", which is also the empty name, or "bicubic",
	// both with antialiasing.
	Filter string

	// Color is "grey", "rgb" or "bgr"; other sets are converted. Empty keeps
	// what is stored; for image files that is grey if all of them are, else
	// RGB.
	Color string

	// Implied says that Size, Crop, Filter and Color are for image files only,
	// and that other sets are taken to be as the model wants them.
	Implied bool

	// Expect is the shape that samples must have, where that is known. It
	// saves reading the headers of all image files when a set is opened: those
	// of another size fail when they are read. An array whose samples have as
	// many axes is not taken for one of images.
	Expect Shape
	survey bool // the headers are read all the same

	// Layout is the axis order of four-dimensional .npy data: "nchw" or "nhwc".
	// Empty takes the one axis that is 1 or 3 long for the channels.
	Layout string

	// Labels is a file with the labels, used instead of those that the set has:
	// an .npy or idx file with a number for each sample, -1 for none, a .txt file
	// with a number or a name a line, or a list (.csv, .tsv, .jsonl) that names
	// samples by id, or else by path, and their labels. "none" drops the labels,
	// and the names of the classes with them.
	Labels string

	onlyLabels bool // a list of labels is read, not of images
	keepNames  bool // of the classes, although the labels are dropped

	// Labelled says that every sample must have a label.
	Labelled bool

	// Only and Exclude are files that name the samples to take and to leave
	// out, as [Select] reads them.
	Only, Exclude string

	// PathColumn, LabelColumn and IDColumn name the columns of a manifest or of
	// a Parquet file. A column that is named has to be there; empty ones go by
	// the usual names.
	PathColumn, LabelColumn, IDColumn string

	// Note is told what was taken for granted and what was passed over; it may be
	// nil.
	Note func(Note)

	// Stdin is what "-" reads a manifest from.
	Stdin io.Reader

	// Split is "train", "test" or "val" where a source holds several. Empty
	// means the one the spec ends in (":test"), else "train".
	Split string
}

// Open returns the set that spec names: "demo", "fashion-mnist", "-" or a path,
// as the package documentation lists. A path that is also a name is written with a
// leading "./".
func Open(spec string, opts Options) (Set, error) {
	source, split, err := splitSpec(spec, opts.Split)
	if err != nil {
		return nil, fmt.Errorf("open data %s: %w", spec, err)
	}
	if err := checkOptions(opts); err != nil {
		return nil, fmt.Errorf("open data %s: %w", spec, err)
	}
	opts.Split = split
	set, err := openSource(source, opts)
	if err != nil {
		return nil, fmt.Errorf("open data %s: %w", spec, bare(err, source))
	}
	finished, err := finish(set, opts)
	if err != nil {
		_ = Close(set)
		return nil, fmt.Errorf("open data %s: %w", spec, err)
	}
	return finished, nil
}

// finish applies the options that do not depend on the kind of source.
func finish(set Set, opts Options) (Set, error) {
	if set.Len() == 0 {
		return nil, errors.New("it holds no samples")
	}
	set, err := adapt(set, opts)
	if err != nil {
		return nil, err
	}
	if opts.Labels != "" {
		labels, names, err := labelsFor(set, opts)
		if err != nil {
			return nil, err
		}
		if names == nil && (opts.Labels != noLabels || opts.keepNames) {
			names = set.Classes()
		}
		if set, err = WithLabels(set, labels, names); err != nil {
			return nil, fmt.Errorf("labels %s: %w", opts.Labels, err)
		}
	}
	if set, err = Select(set, opts.Only, opts.Exclude); err != nil {
		return nil, err
	}
	if opts.Labelled {
		err = checkLabelled(set)
	}
	return set, err
}

// noLabels stands for a file of labels where there are to be none.
const noLabels = "none"

// bare strips the path from a file error where the message gives it already.
func bare(err error, path string) error {
	if pe, ok := err.(*fs.PathError); ok && pe.Path == path { //nolint:errorlint // what wraps it has words of its own
		return pe.Err
	}
	return err
}

func checkOptions(o Options) error {
	if err := o.geometry().Check(); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]string{"", "bilinear", "bicubic"}, o.Filter):
		return fmt.Errorf("filter %q is not bilinear or bicubic", o.Filter)
	case !slices.Contains([]string{"", "grey", "rgb", "bgr"}, o.Color):
		return fmt.Errorf("color %q is not grey, rgb or bgr", o.Color)
	case o.Layout != "" && o.Layout != "nchw" && o.Layout != "nhwc":
		return fmt.Errorf("layout %q is not nchw or nhwc", o.Layout)
	}
	return nil
}

// converts reports whether samples are to have a size or colours of their own.
func (o Options) converts() bool {
	return o.Size != [2]int{} || o.Crop != [2]int{} || o.Color != ""
}

func (o Options) geometry() pixel.Geometry {
	return pixel.Geometry{Size: o.Size, Crop: o.Crop, Bicubic: o.Filter == "bicubic"}
}

// channels is the number that Color stands for, 0 for what is stored.
func (o Options) channels() int {
	switch o.Color {
	case "grey":
		return 1
	case "rgb", "bgr":
		return 3
	}
	return 0
}

// splitSpec takes a trailing ":train", ":test" or ":val" off spec, unless a
// file is really named so.
func splitSpec(spec, split string) (source, chosen string, err error) {
	if spec == "" {
		return "", "", errors.New("the name is empty")
	}
	source = spec
	if base, suffix, ok := cutLast(spec, ":"); ok && knownSplit(suffix) {
		if _, serr := os.Lstat(spec); serr != nil {
			if split != "" && split != suffix {
				return "", "", fmt.Errorf("the name says %s and the options say %s", suffix, split)
			}
			source, split = base, suffix
		}
	}
	if split != "" && !knownSplit(split) {
		return "", "", fmt.Errorf("split %q is not train, test or val", split)
	}
	return source, split, nil
}

func knownSplit(s string) bool { return s == "train" || s == "test" || s == "val" }

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i > 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func openSource(source string, opts Options) (Set, error) {
	switch source {
	case "demo":
		return Demo(opts.Split)
	case "fashion-mnist":
		return openFashion(opts.Split)
	case "-":
		return openStdin(opts)
	}
	info, err := os.Stat(source)
	if err != nil && isPattern(source) {
		return openShards(source, opts)
	}
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return openFolder(source, opts)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is neither a file nor a folder")
	}
	if info.Size() == 0 {
		return nil, errors.New("the file is empty")
	}
	if (opts.Split == "test" || opts.Split == "val") && !manySplits(source) {
		return nil, fmt.Errorf("a single file has no split %s", opts.Split)
	}
	return openFile(source, opts)
}

// manySplits reports whether a file may hold several splits.
func manySplits(path string) bool {
	return slices.Contains([]string{".npz", ".zip"}, strings.ToLower(filepath.Ext(path)))
}

func openFolder(dir string, opts Options) (Set, error) {
	if path, ok := idxInFolder(dir, opts); ok {
		return openIDX(path)
	}
	if set, err := openBinaries(dir, opts); set != nil || err != nil {
		return set, err
	}
	return openTree(os.DirFS(dir), dir, opts)
}

// openTree opens the images below a root, which goes by a name in notes.
func openTree(root fs.FS, name string, opts Options) (Set, error) {
	root, split, err := splitFolder(root, opts)
	if err != nil {
		return nil, err
	}
	if set, err := describedImages(root, opts); set != nil || err != nil {
		return set, err
	}
	return imagesOf(root, name, split, opts)
}

func openFile(path string, opts Options) (Set, error) {
	head, err := fileHead(path, 8)
	if err != nil {
		return nil, err
	}
	form, listed := manifestForm(path)
	switch {
	case listed:
		return openManifest(path, form, opts)
	case bytes.HasPrefix(head, []byte("PAR1")):
		return openParquet([]string{path}, opts)
	case isTarName(path):
		return openTar([]string{path}, opts)
	case isPackedTar(path):
		return nil, errors.New("a compressed tar archive cannot be read in place; unpack it first (gunzip, zstd -d)")
	case bytes.HasPrefix(head, []byte(npyMagic)):
		return openNPYSet(path, opts)
	case strings.EqualFold(filepath.Ext(path), ".npz"):
		return openNPZ(path, opts)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return openZip(path, opts)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}), len(head) >= 4 && head[0] == 0 && head[1] == 0 && head[2] == idxUbyte:
		return openIDX(path)
	case strings.EqualFold(filepath.Ext(path), ".bin"):
		return openCIFAR(path)
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".npy":
		return nil, errors.New("it does not begin as an .npy file does")
	case ".parquet":
		return nil, errors.New("it does not begin as a Parquet file does")
	}
	if pixel.HasExtension(path) || pixel.Recognize(head) {
		return nil, errors.New("it is a single image; name the folder that holds the images")
	}
	return nil, errors.New("not an idx, CIFAR .bin or .npy file, a list of images (.csv, .jsonl, .txt) or a folder of them")
}

func fileHead(path string, n int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, n))
}
