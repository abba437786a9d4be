package data

import (
	"fmt"
	"math"
	"strings"
)

// readLabelFile reads a label for each sample from a one-dimensional .npy or idx file:
// the number of a class, -1 for none, or of an .npy file its name.
func readLabelFile(path string, opts Options, id func(i int) string) (labels []int, classes []string, err error) {
	labels, classes, err = readLabels(path, opts, id)
	if err != nil {
		return nil, nil, fmt.Errorf("read labels %s: %w", path, bare(err, path))
	}
	return labels, classes, nil
}

func readLabels(path string, opts Options, id func(i int) string) (labels []int, classes []string, err error) {
	head, err := fileHead(path, 8)
	if err != nil {
		return nil, nil, err
	}
	if !strings.HasPrefix(string(head), npyMagic) {
		bytes, err := readIDXLabels(path)
		if err != nil {
			return nil, nil, err
		}
		labels := make([]int, len(bytes))
		for i, b := range bytes {
			labels[i] = int(b)
		}
		return labels, nil, nil
	}
	a, err := openNPYFile(path, true)
	if err != nil {
		return nil, nil, err
	}
	defer a.Close()
	return a.labels(opts, id)
}

// labels reads the labels of samples that are named by id, which is asked for those
// that there are.
func (a *NPY) labels(opts Options, id func(i int) string) (labels []int, classes []string, err error) {
	if n := len(a.Shape); n != 1 && (n != 2 || a.Shape[1] != 1) {
		return nil, nil, fmt.Errorf("the array has shape %v; labels have one dimension", a.Shape)
	}
	if a.isText() {
		var texts labelTexts
		if err := a.readTexts(&texts); err != nil {
			return nil, nil, err
		}
		return texts.ints(opts, id)
	}
	wide := make([]int64, a.Len())
	if a.DType[1] == 'f' {
		err = a.wholeNumbers(wide)
	} else {
		err = a.ReadInts(0, wide)
	}
	if err != nil {
		return nil, nil, err
	}
	labels = make([]int, len(wide))
	for i, v := range wide {
		if v < -1 || v > math.MaxInt32 {
			return nil, nil, fmt.Errorf("label %d of sample %d out of range", v, i)
		}
		labels[i] = int(v)
	}
	return labels, nil, nil
}

// wholeNumbers reads floats that are whole numbers, or NaN, which becomes -1.
func (a *NPY) wholeNumbers(dst []int64) error {
	values := make([]float32, len(dst))
	if err := a.ReadFloats(0, values); err != nil {
		return err
	}
	for i, v := range values {
		switch {
		case v != v:
			dst[i] = -1
		case v != float32(int64(v)) || v > 1<<24 || v < -1:
			return fmt.Errorf("label %v of sample %d is no number of a class", v, i)
		default:
			dst[i] = int64(v)
		}
	}
	return nil
}
