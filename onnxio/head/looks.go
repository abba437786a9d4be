package head

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// unlike says what an output looks like that cannot be class scores, "" for one
// that can.
func (f *finder) unlike(output string) string {
	t := f.types[output]
	s := t.Shape
	switch {
	case t.Elem != 0 && !t.Elem.Float():
		return "looks like answers themselves, such as labels or counts, not like scores"
	case s == nil:
		return "" // the runtime will say
	case len(s) == 0:
		return "is one number for all samples"
	case len(s) == 1:
		return "is a single number a sample without an axis of classes: a regression, or a squeezed answer of two classes"
	}
	if b, known := s[0].Value(); known && f.batch.IsKnown() && !f.batch.Is(b) {
		return fmt.Sprintf("does not begin with the batch of %v", f.batch)
	}
	beside := slices.IndexFunc(s[2:], func(d onnxio.Dim) bool { return !d.Is(1) && (f.sure || d.IsKnown()) })
	switch {
	case beside >= 0 && len(s) == 3:
		return fmt.Sprintf("looks like %v boxes, tokens or steps of %v values each", s[1], s[2])
	case beside >= 0:
		return fmt.Sprintf("looks like maps of %v channels: an image, a segmentation, or the grid of a detector", s[1])
	}
	if places := f.places(output, map[string]bool{}); places > 1 {
		return fmt.Sprintf("holds values of %d places of the input, such as a detector's anchors, not of classes", places)
	}
	return ""
}

// transparent are the operators that change neither what a value belongs to nor
// which layer it comes from.
var transparent = []string{
	"Identity", "Dropout", "Cast", "Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose",
	"Softmax", "LogSoftmax", "Sigmoid",
}

// places returns how many places of an image, or steps of a sequence, the last
// layers behind an output compute their values for; 1 where each gives one
// vector a sample, and where that is not known.
func (f *finder) places(name string, seen map[string]bool) int64 {
	n := f.g.Producer(name)
	if n == nil || n.Domain() != "" || seen[name] {
		return 1
	}
	seen[name] = true
	switch o := n.Op(); {
	case slices.Contains(transparent, o):
		return f.places(n.Input(0), seen)
	case o == "Concat":
		most := int64(1)
		for _, in := range n.Inputs() {
			most = max(most, f.places(in, seen))
		}
		return most
	case o == "Add":
		if f.constant(n.Input(0)) {
			return f.places(n.Input(1), seen)
		}
		if f.constant(n.Input(1)) {
			return f.places(n.Input(0), seen)
		}
	case o == "Conv" || o == "ConvTranspose":
		return product(f.types[name].Shape, 2, 0)
	case o == "MatMul":
		return product(f.types[name].Shape, 1, 1)
	}
	return 1
}

// product multiplies the known extents of a shape without so many first and
// last ones.
func product(s onnxio.Shape, first, last int) int64 {
	n := int64(1)
	for k := first; k < len(s)-last; k++ {
		n *= max(s[k].Or(1), 1)
	}
	return n
}

func (f *finder) constant(name string) bool {
	t, _ := f.g.Constant(name)
	return t != nil
}
