package data

import (
	"fmt"
	"io"
)

// Set is a collection of samples in a fixed order. Its methods are safe for
// concurrent use. An index outside [0, Len()) is a mistake of the caller and
// panics.
type Set interface {
	Len() int

	// Shape is that of every sample.
	Shape() Shape

	// Classes returns the class names by label, or nil when they are not known.
	// The caller does not change them.
	Classes() []string

	// ID names sample i: a path relative to the root with forward slashes, or
	// "split/index". It stays the same between runs and is unique in the set.
	ID(i int) string

	// Label returns the class of sample i, or -1 when it has none.
	Label(i int) int

	// Read writes sample i in the order of the shape's axes to dst, which has
	// Shape().Size() values: pixels of 8 bits scaled to [0, 1], float data as stored. The
	// error names the file.
	Read(i int, dst []float32) error
}

// Close releases the files that a set holds open, if any. Nothing of the set
// may be used afterwards.
func Close(s Set) error {
	if c, ok := s.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// CheckLabels returns an error naming the first sample whose label is not
// below classes. Samples without a label pass.
func CheckLabels(s Set, classes int) error {
	for i := range s.Len() {
		if l := s.Label(i); l >= classes {
			return fmt.Errorf("sample %s: label %d out of range: there are %d classes", s.ID(i), l, classes)
		}
	}
	return nil
}

// checkDst verifies the length of a Read's destination.
func checkDst(dst []float32, s Shape) error {
	if len(dst) != s.Size() {
		return fmt.Errorf("read a sample of %v into %d values, want %d", s, len(dst), s.Size())
	}
	return nil
}
