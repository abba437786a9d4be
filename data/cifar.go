package data

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// The binary version of CIFAR (cs.toronto.edu/~kriz/cifar.html): records of one
// label byte (CIFAR-10) or a coarse and a fine one (CIFAR-100), then 32×32 RGB
// as three planes.
var cifarShape = Shape{3, 32, 32}

var cifar10Classes = []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}

const (
	cifar100Coarse = 20
	cifar100Fine   = 100
)

// openCIFAR reads files of the binary version of CIFAR-10 or CIFAR-100 as one
// set. Which of the two a file is follows from its length and its label bytes.
// The labels of CIFAR-100 are the fine ones; its class names are taken from
// fine_label_names.txt where that is beside the file.
func openCIFAR(paths ...string) (Set, error) {
	var sets []Set
	for _, path := range paths {
		set, err := openCIFARFile(path)
		if err != nil {
			for _, s := range sets {
				_ = Close(s)
			}
			if len(paths) > 1 {
				err = fmt.Errorf("%s: %w", filepath.Base(path), err)
			}
			return nil, err
		}
		sets = append(sets, set)
	}
	return join(sets)
}

func openCIFARFile(path string) (*byteSet, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	set, err := newCIFARSet(f, info.Size(), path)
	if err != nil {
		f.Close()
		return nil, err
	}
	set.closer = f
	if len(set.classes) == 0 {
		set.classes = classNames(filepath.Join(filepath.Dir(path), "fine_label_names.txt"), cifar100Fine)
	}
	return set, nil
}

// newCIFARSet reads the labels of a file of size bytes.
func newCIFARSet(r io.ReaderAt, size int64, path string) (*byteSet, error) {
	pixels := int64(cifarShape.Size())
	if size == 0 {
		return nil, errors.New("the file is empty")
	}
	if size%(pixels+1) != 0 && size%(pixels+2) != 0 {
		return nil, fmt.Errorf("%d bytes are no whole number of CIFAR-10 (%d bytes) or CIFAR-100 (%d bytes) records: truncated, or no CIFAR file",
			size, pixels+1, pixels+2)
	}
	set := &byteSet{
		name: path, shape: cifarShape, r: r,
		prefix: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + "/",
	}
	var wrong error
	for labelBytes := int64(1); labelBytes <= 2; labelBytes++ {
		if size%(pixels+labelBytes) != 0 {
			continue
		}
		labels, err := cifarLabels(r, size, labelBytes)
		if err != nil {
			wrong = err
			continue
		}
		set.labels, set.count = labels, len(labels)
		set.first, set.stride = labelBytes, pixels+labelBytes
		if labelBytes == 1 {
			set.classes = cifar10Classes
		}
		return set, nil
	}
	return nil, wrong
}

func cifarLabels(r io.ReaderAt, size, labelBytes int64) ([]uint8, error) {
	stride := int64(cifarShape.Size()) + labelBytes
	labels := make([]uint8, size/stride)
	for i := range labels {
		var b [2]byte
		if err := readAt(r, b[:labelBytes], int64(i)*stride); err != nil {
			return nil, err
		}
		switch {
		case labelBytes == 1 && int(b[0]) >= len(cifar10Classes):
			return nil, fmt.Errorf("label %d of sample %d out of range: CIFAR-10 has 10 classes", b[0], i)
		case labelBytes == 2 && (b[0] >= cifar100Coarse || b[1] >= cifar100Fine):
			return nil, fmt.Errorf("labels %d, %d of sample %d out of range: CIFAR-100 has 20 and 100 classes", b[0], b[1], i)
		}
		labels[i] = b[labelBytes-1]
	}
	return labels, nil
}

// cifarFiles picks the files of the split that is asked for among names:
// data_batch_*.bin and test_batch.bin of CIFAR-10, train.bin and test.bin of CIFAR-100.
func cifarFiles(names []string, opts Options) []string {
	files, there := map[string][]string{}, map[string]bool{}
	for split, patterns := range map[string][]string{
		"train": {"data_batch_*.bin", "train.bin"}, "test": {"test_batch.bin", "test.bin"},
	} {
		files[split] = firstMatching(names, patterns)
		there[split] = len(files[split]) > 0
	}
	return files[chooseSplit(opts, there)]
}

// firstMatching returns the names that match the first pattern that any does.
func firstMatching(names, patterns []string) (files []string) {
	for _, pattern := range patterns {
		for _, name := range names {
			if ok, _ := filepath.Match(pattern, name); ok {
				files = append(files, name)
			}
		}
		if len(files) > 0 {
			break
		}
	}
	return files
}

// classNames reads one name a line, or returns nil when the file is not there
// or does not have n of them.
func classNames(path string, n int) []string {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	names := strings.Fields(string(content))
	if len(names) != n {
		return nil
	}
	return names
}
