package onnxio

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Node is one operator application. It is read-only; a Patch changes nodes,
// after which pointers taken before refer to the state before.
type Node struct{ pb *onnxpb.NodeProto }

// Op returns the operator's name, such as "Conv".
func (n *Node) Op() string { return n.pb.GetOpType() }

// Domain returns the operator set the operator comes from; "" for the standard
// one, also where a file spells it "ai.onnx".
func (n *Node) Domain() string { return domain(n.pb.GetDomain()) }

// Name returns the node's name, which may be empty or repeated.
func (n *Node) Name() string { return n.pb.GetName() }

// Inputs returns the names of the input values; "" marks an optional input left
// out. The caller must not change the slice.
func (n *Node) Inputs() []string { return n.pb.GetInput() }

// Outputs returns the names of the output values; "" marks one left out. The
// caller must not change the slice.
func (n *Node) Outputs() []string { return n.pb.GetOutput() }

// Input returns the i-th input's name, "" when there is none.
func (n *Node) Input(i int) string { return at(n.pb.GetInput(), i) }

// Output returns the i-th output's name, "" when there is none.
func (n *Node) Output(i int) string { return at(n.pb.GetOutput(), i) }

func at(s []string, i int) string {
	if i < 0 || i >= len(s) {
		return ""
	}
	return s[i]
}

// String names the node for an error message: by its own name, or by its
// first output where it has none.
func (n *Node) String() string {
	name := n.Name()
	if name == "" {
		name = n.Output(0)
	}
	return fmt.Sprintf("node %q (%s)", name, n.Op())
}

// Attrs returns the attributes in file order.
func (n *Node) Attrs() []Attr {
	out := make([]Attr, len(n.pb.GetAttribute()))
	for i, a := range n.pb.GetAttribute() {
		out[i] = Attr{pb: a}
	}
	return out
}

func (n *Node) attr(name string) *onnxpb.AttributeProto {
	for _, a := range n.pb.GetAttribute() {
		if a.GetName() == name {
			return a
		}
	}
	return nil
}

// Has reports whether the attribute is present.
func (n *Node) Has(name string) bool { return n.attr(name) != nil }

// Int returns an integer attribute, def when absent.
func (n *Node) Int(name string, def int64) int64 {
	if a := n.attr(name); a != nil {
		return a.GetI()
	}
	return def
}

// Ints returns a list-of-integers attribute, nil when absent.
func (n *Node) Ints(name string) []int64 { return slices.Clone(n.attr(name).GetInts()) }

// Float returns a float attribute, def when absent.
func (n *Node) Float(name string, def float32) float32 {
	if a := n.attr(name); a != nil {
		return a.GetF()
	}
	return def
}

// Floats returns a list-of-floats attribute, nil when absent.
func (n *Node) Floats(name string) []float32 { return slices.Clone(n.attr(name).GetFloats()) }

// Str returns a string attribute, def when absent.
func (n *Node) Str(name, def string) string {
	if a := n.attr(name); a != nil {
		return string(a.GetS())
	}
	return def
}

// Strs returns a list-of-strings attribute, nil when absent.
func (n *Node) Strs(name string) []string {
	var out []string
	for _, s := range n.attr(name).GetStrings() {
		out = append(out, string(s))
	}
	return out
}

// Tensor returns a tensor attribute, nil when absent.
func (n *Node) Tensor(name string) *Tensor {
	if t := n.attr(name).GetT(); t != nil {
		return &Tensor{pb: t}
	}
	return nil
}

func domain(d string) string {
	if d == "ai.onnx" {
		return ""
	}
	return d
}
