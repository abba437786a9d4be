package data

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// Shape lists the extents of a sample: channels, height and width of an image,
// channels and length of a series, or any others. The first axis is that of the
// channels. A shape is not changed by those who have it.
type Shape []int

// Size returns the number of values in a sample.
func (s Shape) Size() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Channels returns the first extent.
func (s Shape) Channels() int {
	if len(s) == 0 {
		return 1
	}
	return s[0]
}

// Image returns channels, height and width; ok is false of samples that do not
// have these three axes.
func (s Shape) Image() (c, h, w int, ok bool) {
	if len(s) != 3 {
		return 0, 0, 0, false
	}
	return s[0], s[1], s[2], true
}

// Equal reports whether the extents are the same.
func (s Shape) Equal(other Shape) bool { return slices.Equal(s, other) }

// takes reports whether samples of another shape fit; an extent of 0 fits all, and
// so does a shape that is not known.
func (s Shape) takes(other Shape) bool {
	if len(s) == 0 {
		return true
	}
	if len(s) != len(other) {
		return false
	}
	for i, n := range s {
		if n != 0 && n != other[i] {
			return false
		}
	}
	return true
}

// String returns the shape as 3×32×32, with a question mark for an open extent.
func (s Shape) String() string {
	var b strings.Builder
	for i, n := range s {
		if i > 0 {
			b.WriteString("×")
		}
		if n == 0 {
			b.WriteString("?")
		} else {
			fmt.Fprint(&b, n)
		}
	}
	return b.String()
}

// planes is the shape of an image as its pixels are worked on.
func (s Shape) planes() pixel.Shape { return pixel.Shape{C: s[0], H: s[1], W: s[2]} }

func shapeOf(s pixel.Shape) Shape { return Shape{s.C, s.H, s.W} }
