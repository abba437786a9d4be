package data

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// npySet is a set of the rows of an array.
type npySet struct {
	a      *NPY
	path   string
	prefix string
	shape  Shape
	nhwc   bool
}

// openNPYSet opens an array of samples and the labels.npy beside it, unless the
// options name other labels.
func openNPYSet(path string, opts Options) (Set, error) {
	a, err := OpenNPY(path)
	if err != nil {
		return nil, err
	}
	set, err := newNPYSet(a, path, shardName(path)+"/", opts)
	if err != nil {
		a.Close()
		return nil, err
	}
	beside, ok := firstFile(filepath.Dir(path), "labels.npy")
	if !ok || opts.Labels != "" {
		return set, nil
	}
	labels, classes, err := readLabels(beside, opts, positionOr(set))
	if err == nil && len(labels) != set.Len() {
		err = fmt.Errorf("%d labels for %d samples; name the labels of this array, or none", len(labels), set.Len())
	}
	if err != nil {
		a.Close()
		return nil, fmt.Errorf("labels.npy beside it: %w", bare(err, beside))
	}
	return WithLabels(set, labels, classes)
}

func newNPYSet(a *NPY, path, prefix string, opts Options) (Set, error) {
	set := &npySet{a: a, path: path, prefix: prefix}
	if err := set.shapeAs(opts); err != nil {
		return nil, err
	}
	if a.Len() == 0 {
		return nil, errors.New("it holds no samples")
	}
	switch _, _, _, image := set.shape.Image(); {
	case a.DType == "|u1":
		return npyPixels{set}, nil
	case image && a.DType[1] != 'f':
		return npyIntegers{set}, nil
	}
	return set, nil
}

// shapeAs determines what the rows are. Those with as many axes as samples are
// expected to have are as they stand; otherwise rows of two axes are images of one
// channel, and of three are images in either order of axes.
func (s *npySet) shapeAs(opts Options) error {
	d := s.a.Shape
	if len(d) < 2 {
		return fmt.Errorf("the array has shape %v; its first axis is that of the samples, and they have axes of their own", d)
	}
	s.shape = d[1:]
	switch {
	case len(d) == 3 && len(opts.Expect) != 2:
		s.shape = Shape{1, d[1], d[2]}
	case len(d) == 4:
		var err error
		if s.nhwc, err = isNHWC(d, opts); err != nil {
			return err
		}
		if s.nhwc {
			s.shape = Shape{d[3], d[1], d[2]}
		}
	}
	return nil
}

// isNHWC tells the order of axes by the layout, by the samples that are expected,
// else by the one axis that is 1 or 3 long.
func isNHWC(d []int, opts Options) (bool, error) {
	if opts.Layout != "" {
		return opts.Layout == "nhwc", nil
	}
	colours := func(n int) bool { return n == 1 || n == 3 }
	first, last := colours(d[1]), colours(d[3])
	if first == last {
		first, last = opts.Expect.takes(Shape{d[1], d[2], d[3]}), opts.Expect.takes(Shape{d[3], d[1], d[2]})
	}
	if first == last {
		return false, fmt.Errorf("the array of shape %v may be N×C×H×W or N×H×W×C; give the layout, nchw or nhwc", d)
	}
	return last, nil
}

func (s *npySet) Len() int          { return s.a.Shape[0] }
func (s *npySet) Shape() Shape      { return s.shape }
func (s *npySet) Classes() []string { return nil }
func (s *npySet) ID(i int) string   { return s.prefix + strconv.Itoa(i) }
func (s *npySet) Label(int) int     { return -1 }
func (s *npySet) Close() error      { return s.a.Close() }

func (s *npySet) Read(i int, dst []float32) error {
	if err := checkDst(dst, s.shape); err != nil {
		return err
	}
	if !s.nhwc || s.shape[0] == 1 {
		return s.failed(i, s.a.ReadFloats(i*len(dst), dst))
	}
	return pixel.WithFloats(len(dst), func(values []float32) error {
		if err := s.a.ReadFloats(i*len(dst), values); err != nil {
			return s.failed(i, err)
		}
		planesOf(s.shape, values, dst)
		return nil
	})
}

func (s *npySet) failed(i int, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read sample %d of %s: %w", i, s.path, err)
}

// npyPixels is an npySet of bytes, which are taken for pixels of 8 bits.
type npyPixels struct{ *npySet }

func (s npyPixels) Read(i int, dst []float32) error { return readUnit(s, i, dst) }

func (s npyPixels) readPixels(i int, dst []uint8) error {
	if !s.nhwc || s.shape[0] == 1 {
		return s.failed(i, s.a.readBytes(i*len(dst), dst))
	}
	return withBuffer(len(dst), func(values []byte) error {
		if err := s.a.readBytes(i*len(dst), values); err != nil {
			return s.failed(i, err)
		}
		planesOf(s.shape, values, dst)
		return nil
	})
}

// npyIntegers is an npySet of images of wider integers, which are taken for pixels
// of 8 bits as well.
type npyIntegers struct{ *npySet }

func (s npyIntegers) Read(i int, dst []float32) error { return readUnit(s, i, dst) }

func (s npyIntegers) readPixels(i int, dst []uint8) error {
	return pixel.WithFloats(len(dst), func(values []float32) error {
		if err := s.a.ReadFloats(i*len(dst), values); err != nil {
			return s.failed(i, err)
		}
		for k, v := range values {
			if v < 0 || v > 255 {
				return s.failed(i, fmt.Errorf("the value %v is no pixel of 8 bits; integers of images are from 0 to 255, and other values are kept as floats", v))
			}
			if s.nhwc {
				plane := s.shape[1] * s.shape[2]
				dst[k%s.shape[0]*plane+k/s.shape[0]] = uint8(v)
			} else {
				dst[k] = uint8(v)
			}
		}
		return nil
	})
}

// planesOf sorts values that stand in H, W, C order into planes.
func planesOf[T any](s Shape, values, dst []T) {
	channels := s[0]
	plane := s[1] * s[2]
	for c := range channels {
		out := dst[c*plane:][:plane]
		for p := range out {
			out[p] = values[p*channels+c]
		}
	}
}
