package op

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Facts are what inference finds of a graph's values.
type Facts struct {
	Opset int64
	// Types are the element types and shapes; a value that cannot be
	// inferred has the type the file declares, or none.
	Types map[string]onnxio.Type
	// Values are the elements of small tensors of whole numbers, row-major, as
	// far as they follow from shapes and constants: a number, or the extent of
	// an axis. Floats of at most one axis are among them where shapes are
	// computed with them.
	Values map[string][]onnxio.Dim
	// Reals are the elements of such floats that are not all whole numbers.
	Reals map[string][]float32
	// Unknown are the nodes whose operator the table does not have.
	Unknown []*onnxio.Node

	before func(*Facts, *onnxio.Node) error // of the walk
}

// maxValues bounds the tensors whose elements inference carries along.
const maxValues = 1024

// InferOptions change what the walk starts from. The zero value takes the
// graph as it is.
type InferOptions struct {
	// Inputs replaces the declared shapes of graph inputs.
	Inputs map[string]onnxio.Shape
	// Before is called with what is known so far, ahead of each node; an error
	// ends the walk. It may replace values that the node reads.
	Before func(*Facts, *onnxio.Node) error
}

// FreeBatch are options under which the first axis of every input is open,
// where all fix it to the same extent; the zero ones where they do not, or
// where the model holds for that extent alone. What is found under them
// holds for every batch.
func FreeBatch(m *onnxio.Model) InferOptions {
	free := map[string]onnxio.Shape{}
	var fixed onnxio.Dim
	for i, v := range m.Graph.Inputs() {
		s := v.Type.Shape.Clone()
		if len(s) == 0 || !s[0].IsKnown() || (i > 0 && s[0] != fixed) {
			return InferOptions{}
		}
		fixed, s[0] = s[0], onnxio.Symbol("batch")
		free[v.Name] = s
	}
	o := InferOptions{Inputs: free}
	f, err := InferGraph(m, o)
	if err != nil {
		return InferOptions{}
	}
	for _, v := range m.Graph.Outputs() {
		if s := f.Types[v.Name].Shape; len(s) == 0 || s[0] != onnxio.Symbol("batch") {
			return InferOptions{}
		}
	}
	return o
}

// InferGraph walks the graph and finds types and shape values. Operators
// that are not in the table are listed, not refused. A node whose inputs do
// not fit its operator is an error that names it.
func InferGraph(m *onnxio.Model, o InferOptions) (*Facts, error) {
	f := newFacts(m.Opset(""))
	for _, v := range m.Graph.Inputs() {
		if s, ok := o.Inputs[v.Name]; ok {
			v.Type.Shape = s
		}
		f.Types[v.Name] = v.Type
	}
	f.before = o.Before
	if err := f.walk(m.Graph); err != nil {
		return nil, err
	}
	return f, nil
}

func newFacts(opset int64) *Facts {
	return &Facts{Opset: opset, Types: map[string]onnxio.Type{}, Values: map[string][]onnxio.Dim{}, Reals: map[string][]float32{}}
}

// walk finds the facts of a graph whose inputs' are known.
func (f *Facts) walk(g *onnxio.Graph) error {
	for _, t := range g.Initializers() {
		f.Types[t.Name()] = t.Type()
		if err := f.constant(t.Name(), t); err != nil {
			return err
		}
	}
	for _, n := range g.Nodes() {
		if f.before != nil {
			if err := f.before(f, n); err != nil {
				return err
			}
		}
		if err := f.node(g, n); err != nil {
			return fmt.Errorf("%v: %w", n, err)
		}
	}
	return nil
}

func (f *Facts) constant(name string, t *onnxio.Tensor) error {
	if t.Len() > maxValues {
		return nil
	}
	switch {
	case t.Elem() == onnxio.Int64 || t.Elem() == onnxio.Int32 || t.Elem() == onnxio.Bool && t.Rank() < 2:
		ints, err := t.Ints()
		if err != nil {
			return err
		}
		f.Values[name] = known(ints)
	case t.Elem().Float() && t.Rank() < 2 && t.Len() <= maxFloatValues:
		v, err := t.Floats()
		if err != nil {
			return err
		}
		if ints := wholes(v); ints != nil {
			f.Values[name] = known(ints)
		} else if t.Elem() == onnxio.Float32 {
			f.Reals[name] = v
		}
	}
	return nil
}

// maxFloatValues bounds the float constants that are taken for extents, such
// as the divisor of an image's side.
const maxFloatValues = 8

func (f *Facts) node(g *onnxio.Graph, n *onnxio.Node) error {
	d := Lookup(n, f.Opset)
	if d == nil {
		f.Unknown = append(f.Unknown, n)
		f.declared(g, n)
		return nil
	}
	c := &Infer{Facts: f, Node: n, Graph: g}
	for i := range n.Inputs() {
		if c.Has(i) && c.In(i).Shape == nil {
			f.declared(g, n)
			return nil
		}
	}
	if err := d.Shape(c); err != nil {
		return err
	}
	f.nameElements(n)
	for _, o := range n.Outputs() {
		if o != "" && f.Types[o].Shape == nil {
			if t, ok := g.Declared(o); ok {
				f.Types[o] = t
			}
		}
		if s := f.Types[o].Shape; slices.ContainsFunc(s, func(d onnxio.Dim) bool { return d.Or(0) < 0 }) {
			return fmt.Errorf("output %q would have the shape %v", o, s)
		}
	}
	return nil
}

// maxNamed bounds the integer lists whose elements are named where they are
// not known: no tensor has more axes.
const maxNamed = 16

// nameElements gives the elements of short integer lists that the rule could
// not tell a name each, so that a shape which holds some of them is known in
// its other elements. Unlike an extent such an element may be negative, which
// its name says.
func (f *Facts) nameElements(n *onnxio.Node) {
	for _, o := range n.Outputs() {
		t := f.Types[o]
		if f.Values[o] != nil || o == "" || len(t.Shape) > 1 || t.Shape == nil || (t.Elem != onnxio.Int64 && t.Elem != onnxio.Int32) {
			continue
		}
		if m, ok := t.Shape.Size().Value(); ok && m <= maxNamed {
			v := make([]onnxio.Dim, m)
			for k := range v {
				v[k] = onnxio.Symbol(fmt.Sprintf("%s%s.%d", anyNumber, o, k))
			}
			f.Values[o] = v
		}
	}
}

// anyNumber marks the symbols of numbers that may be negative.
const anyNumber = "?"

// isExtent reports whether d cannot be negative.
func isExtent(d onnxio.Dim) bool {
	return d.Or(0) >= 0 && !strings.Contains(d.String(), anyNumber)
}

// declared takes over what the file says of a node's outputs.
func (f *Facts) declared(g *onnxio.Graph, n *onnxio.Node) {
	for _, o := range n.Outputs() {
		if t, ok := g.Declared(o); ok && o != "" {
			f.Types[o] = t
		}
	}
}

// Infer is what a shape rule sees of one node and where it puts what it
// finds.
type Infer struct {
	*Facts
	Node  *onnxio.Node
	Graph *onnxio.Graph
}

// Has reports whether input i is given.
func (c *Infer) Has(i int) bool { return c.Node.Input(i) != "" }

// In returns the type of input i.
func (c *Infer) In(i int) onnxio.Type { return c.Types[c.Node.Input(i)] }

// OutType returns the type found for output i.
func (c *Infer) OutType(i int) onnxio.Type { return c.Types[c.Node.Output(i)] }

// shaped reports whether the ranks of all inputs and outputs are known.
func (c *Infer) shaped() bool {
	for i, in := range c.Node.Inputs() {
		if in != "" && c.In(i).Shape == nil {
			return false
		}
	}
	for i, o := range c.Node.Outputs() {
		if o != "" && c.OutType(i).Shape == nil {
			return false
		}
	}
	return true
}

// Dims returns the elements of input i where they follow from shapes and
// constants.
func (c *Infer) Dims(i int) ([]onnxio.Dim, bool) {
	v, ok := c.Values[c.Node.Input(i)]
	return v, ok && c.Has(i)
}

// Ints returns the elements of input i where they are known numbers.
func (c *Infer) Ints(i int) ([]int64, bool) {
	v, ok := c.Dims(i)
	if !ok {
		return nil, false
	}
	return onnxio.Shape(v).Ints()
}

// Out states the type of output i; one that the node leaves out is ignored.
func (c *Infer) Out(i int, elem onnxio.Elem, shape onnxio.Shape) {
	if o := c.Node.Output(i); o != "" {
		c.Types[o] = onnxio.Type{Elem: elem, Shape: shape}
	}
}

// OutDims states the elements of output 0, row-major.
func (c *Infer) OutDims(v []onnxio.Dim) {
	if len(v) <= maxValues {
		c.Values[c.Node.Output(0)] = v
	}
}

// Rank checks the rank of input i.
func (c *Infer) Rank(i, least int) error {
	if r := len(c.In(i).Shape); r < least {
		return fmt.Errorf("input %d (%q) has rank %d, want at least %d", i, c.Node.Input(i), r, least)
	}
	return nil
}

// vector checks that input i, where it is given, has one axis of extent n.
func (c *Infer) vector(i int, n onnxio.Dim) error {
	s := c.In(i).Shape
	if c.Has(i) && (len(s) != 1 || (s[0].IsKnown() && n.IsKnown() && s[0] != n)) {
		return fmt.Errorf("input %d (%q) has shape %v, want [%v]", i, c.Node.Input(i), s, n)
	}
	return nil
}

// onto checks that input i, where it is given, broadcasts to the shape of
// input 0.
func (c *Infer) onto(i int) error {
	if !c.Has(i) {
		return nil
	}
	x, s := c.In(0).Shape, c.In(i).Shape
	both, err := Broadcast(x, s)
	if err != nil {
		return err
	}
	fits := len(both) == len(x)
	for k := range x {
		fits = fits && (!x[k].Is(1) || !both[k].IsKnown() || both[k].Is(1))
	}
	if !fits {
		return fmt.Errorf("input %d (%q) of shape %v does not broadcast to %v", i, c.Node.Input(i), s, x)
	}
	return nil
}

// listAttr returns a small integer list that was an attribute before the opset
// since and is input 1 from then on; known is false where it is computed at
// run time.
func (c *Infer) listAttr(attr string, since int64) (list []int64, known bool) {
	if c.Opset < since {
		return c.Node.Ints(attr), true
	}
	if !c.Has(1) {
		return nil, true
	}
	return c.Ints(1)
}

// sameAsInput is the shape rule of operators whose outputs have the type of
// input 0.
func sameAsInput(c *Infer) error {
	for i := range c.Node.Outputs() {
		c.Out(i, c.In(0).Elem, c.In(0).Shape)
	}
	return nil
}

// Broadcast returns the shape two operands take together by ONNX's
// multidirectional rule.
func Broadcast(a, b onnxio.Shape) (onnxio.Shape, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := a.Clone()
	off := len(a) - len(b)
	for i, d := range b {
		switch e := out[off+i]; {
		case e == d || d.Is(1):
		case e.Is(1):
			out[off+i] = d
		case !e.IsKnown() && d.IsKnown():
			out[off+i] = d // a symbol against a number above 1 must be that number
		case e.IsKnown() && d.IsKnown():
			return nil, fmt.Errorf("shapes %v and %v do not broadcast", a, b)
		}
	}
	return out, nil
}

// unknownShape gives every output the element type and an unknown shape.
func (c *Infer) unknownShape(elem onnxio.Elem) {
	for i := range c.Node.Outputs() {
		c.Out(i, elem, nil)
	}
}

// unknown returns an extent of output o that only running the model can tell.
func (c *Infer) unknown(o, axis int) onnxio.Dim {
	return onnxio.Symbol(fmt.Sprintf("%s.%d", c.Node.Output(o), axis))
}
