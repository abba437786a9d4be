package data

import (
	"fmt"
	"math"
	"strings"
)

// readLabelFile reads one integer per sample from a one-dimensional .npy or idx
// file. -1 stands for no label.
func readLabelFile(path string) ([]int, error) {
	labels, err := readLabels(path)
	if err != nil {
		return nil, fmt.Errorf("read labels %s: %w", path, bare(err, path))
	}
	return labels, nil
}

func readLabels(path string) ([]int, error) {
	head, err := fileHead(path, 8)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(string(head), npyMagic) {
		bytes, err := readIDXLabels(path)
		if err != nil {
			return nil, err
		}
		labels := make([]int, len(bytes))
		for i, b := range bytes {
			labels[i] = int(b)
		}
		return labels, nil
	}
	a, err := OpenNPY(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	return a.labels()
}

func (a *NPY) labels() ([]int, error) {
	if n := len(a.Shape); n != 1 && (n != 2 || a.Shape[1] != 1) {
		return nil, fmt.Errorf("the array has shape %v; labels have one dimension", a.Shape)
	}
	wide := make([]int64, a.Len())
	if a.DType[1] == 'f' {
		if err := a.wholeNumbers(wide); err != nil {
			return nil, err
		}
	} else if err := a.ReadInts(0, wide); err != nil {
		return nil, err
	}
	labels := make([]int, len(wide))
	for i, v := range wide {
		if v < -1 || v > math.MaxInt32 {
			return nil, fmt.Errorf("label %d of sample %d out of range", v, i)
		}
		labels[i] = int(v)
	}
	return labels, nil
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
