package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Def is everything the program knows of one operator. A facet that cannot
// exist says so (NoGrad, Opaque); none is nil.
type Def struct {
	Type   string  // the operator's name
	Domain string  // "" is the standard operator set
	Since  []int64 // the opsets in which its definition changed, ascending

	// Shape gives the outputs' types, and their values where those are
	// small integers that shapes are computed from.
	Shape func(*Infer) error
	// Axes says how indices along the axes of inputs and outputs belong
	// together, which is what pruning needs to know.
	Axes func(*Axes) error
	// Grad writes the vector-Jacobian product.
	Grad func(*Grad) error
	// Cost is the number of multiply-accumulates for the given shapes.
	Cost func(*Infer) onnxio.Dim

	// Train, where set, replaces the node by its form in training mode; the
	// others train as they stand.
	Train func(*Train) error
	// Upgrade, where set, rewrites a node of an older opset so that it means
	// the same at opset 17. Operators without it never changed meaning or
	// form from opset 7 to 17.
	Upgrade func(*Upgrade) error
	// Decompose, where set, writes the node as a graph of other operators, through
	// which its gradient is taken (Decompose).
	Decompose func(*Decomposition) error
	// Jumps says that the least change of an input can change an output
	// wholly, as where something is sorted, chosen or drawn: beyond it two
	// models cannot be compared number by number.
	Jumps bool
	// Linear, where set, says that the operator is, and where its bias is.
	Linear *Linear
	// Offsets lists the inputs that can stand in for a number added to
	// another.
	Offsets []Offset
	// Zero lists sets of inputs: where every element of one set that an output
	// is made of is zero, so is the output. A nil set is all inputs.
	Zero [][]int
	// State lists the inputs that hold running statistics: constants that
	// are no learnable parameters.
	State []int

	// Cases are the applications on which the conformance suite checks all
	// of the above.
	Cases []Case
}

// Lookup finds the definition of a node's operator; nil when the table does
// not have it, or not at so old an opset: below MinOpset broadcasting had
// rules of its own.
func Lookup(n *onnxio.Node, opset int64) *Def {
	d := index[key{n.Domain(), n.Op()}]
	if d == nil || (d.Domain == "" && opset < max(d.Since[0], MinOpset)) {
		return nil
	}
	return d
}

type key struct{ domain, name string }

var index = map[key]*Def{}

func init() {
	for i := range table {
		d := &table[i]
		index[key{d.Domain, d.Type}] = d
	}
}

// Table returns the operator table, sorted by domain and name. The caller must
// not change it.
func Table() []Def { return table }

// MinOpset is the oldest standard operator set whose models are understood.
const MinOpset = 7

// UnsupportedError says that a facet of an operator is needed and missing.
type UnsupportedError struct {
	Node   string // as Node.String gives it
	Op     string
	Opset  int64
	Facet  string // "definition", "gradient", …
	Reason string
}

func (e *UnsupportedError) Error() string {
	s := fmt.Sprintf("%s: no %s for %s at opset %d", e.Node, e.Facet, e.Op, e.Opset)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// noGradError is what a NoGrad facet returns.
type noGradError struct{ reason string }

func (e *noGradError) Error() string { return e.reason }

// NoGrad returns the gradient facet of an operator that has none, and why.
func NoGrad(reason string) func(*Grad) error {
	return func(*Grad) error { return &noGradError{reason} }
}

// Opaque returns the axis facet of an operator through which indices cannot be
// followed: every axis of every input and output is pinned.
func Opaque(reason string) func(*Axes) error {
	return func(a *Axes) error {
		a.PinAll(reason)
		return nil
	}
}

// zeroAtZero are the operators that give zero for zeros, element by element
// or by moving elements; zeroOfAll those that do where all inputs are zero.
var (
	zeroAtZero = [][]int{{0}}
	zeroOfAll  = [][]int{nil}
)

// free returns the cost of an operator without multiply-accumulates.
func free(*Infer) onnxio.Dim { return onnxio.Known(0) }
