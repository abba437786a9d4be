package compare

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Options say how two models are compared. The zero value draws what suits
// them.
type Options struct {
	// Inputs is how many random inputs are run; 0 is 4, and 1 where the
	// weights take more than 2 GiB. More are run where that many do not reach
	// every index that an integer input can hold.
	Inputs  int
	Seed    uint64
	Session ort.SessionOptions
	// InputShapes are the extents of inputs to run at, in place of drawn ones.
	InputShapes onnxio.InputShapes
	// Range is what floats are drawn from, evenly; nil is several scales.
	Range *Range
}

// Range is a range of numbers, both ends included.
type Range struct{ Low, High float64 }

// Result is the outcome of a comparison.
type Result struct {
	// Inputs is how many random inputs were run, and Values how many values
	// of each were compared.
	Inputs int `json:"inputs"`
	Values int `json:"values"`
	// Drawn says how the inputs were drawn.
	Drawn string `json:"drawn,omitempty"`
	// Value is the one nearest to its tolerance. MaxDiff is the greatest
	// absolute difference of any of its elements in one run, Scale the
	// greatest magnitude of one there, and Tolerance what MaxDiff may be.
	Value     string  `json:"value"`
	MaxDiff   float64 `json:"max_diff"`
	Scale     float64 `json:"scale"`
	Tolerance float64 `json:"tolerance"`
	// Differs says what differs besides the numbers of floats; "" is nothing.
	Differs string `json:"differs,omitempty"`
	// Node is the first node at which a difference arises, where there is one
	// and it is known.
	Node string `json:"node,omitempty"`
	// Mixed lists nodes that mix values along a pruned axis, such as a mean
	// over channels: there silencing is not enough, and the original was run
	// with those nodes given the remaining indices alone.
	Mixed []string `json:"mixed,omitempty"`
	// Behind lists outputs that hang on a choice, such as the best boxes,
	// which the rounding of a sum turned: what the choice is made of was
	// compared in their stead.
	Behind []string `json:"behind,omitempty"`
	// Unseen lists what was not compared.
	Unseen []string `json:"unseen,omitempty"`
}

// Equal reports whether the models were found to compute the same.
func (r *Result) Equal() bool { return r.Differs == "" && r.MaxDiff <= r.Tolerance }

// Difference tells in a clause how the models differ.
func (r *Result) Difference() string {
	s := r.Differs
	if s == "" {
		s = fmt.Sprintf("the outputs differ by %.3g, more than %.3g, in %q", r.MaxDiff, r.Tolerance, r.Value)
	}
	if r.Node != "" {
		s += "; the first node that differs is " + r.Node
	}
	return s
}

// ParseRange reads a range as LOW:HIGH.
func ParseRange(s string) (*Range, error) {
	low, high, ok := strings.Cut(s, ":")
	a, errA := strconv.ParseFloat(low, 32)
	b, errB := strconv.ParseFloat(high, 32)
	if !ok || errA != nil || errB != nil || !(a < b) || math.IsInf(a, 0) || math.IsInf(b, 0) {
		return nil, fmt.Errorf("%q: want two numbers, the lower first, as 0:1", s)
	}
	return &Range{a, b}, nil
}
