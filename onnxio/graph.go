package onnxio

import (
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Graph is a computation: nodes in an order in which every value is made
// before it is used, the tensors they start from, and an index of who makes
// and who reads each value. It is read through its methods and changed by a
// Patch alone.
type Graph struct {
	pb    *onnxpb.GraphProto // everything the fields below do not hold
	nodes []*Node
	inits map[string]*Tensor
	names []string // of the initializers, in file order

	inputs, outputs []*onnxpb.ValueInfoProto
	types           map[string]*onnxpb.ValueInfoProto // value_info of inner values
	typeNames       []string

	producer  map[string]*Node
	consumers map[string][]Use
	inner     map[string]bool // names that subgraphs define for themselves
}

// Use is one place where a value is read: input Index of Node, or -1 where a
// subgraph of the node reads it from outside.
type Use struct {
	Node  *Node
	Index int
}

// Value is a named graph input or output.
type Value struct {
	Name string
	Type Type
}

// Name returns the graph's name.
func (g *Graph) Name() string { return g.pb.GetName() }

// Nodes returns the nodes in topological order. The caller must not change the
// slice.
func (g *Graph) Nodes() []*Node { return g.nodes }

// Inputs returns the values fed at run time. An initializer that the file also
// lists as an input, as IR version 3 demands, is not among them.
func (g *Graph) Inputs() []Value {
	var out []Value
	for _, v := range g.inputs {
		if g.inits[v.GetName()] == nil {
			out = append(out, Value{v.GetName(), typeOf(v)})
		}
	}
	return out
}

// Defaults returns the names of the inputs that have an initializer as their value
// unless a caller gives another. Before IR version 4 there are none: every
// initializer is listed as an input, and none can be given.
func (m *Model) Defaults() []string {
	if m.IRVersion() < 4 {
		return nil
	}
	var out []string
	for _, v := range m.Graph.inputs {
		if m.Graph.inits[v.GetName()] != nil {
			out = append(out, v.GetName())
		}
	}
	return out
}

// Outputs returns the graph's results, with the types the file declares.
func (g *Graph) Outputs() []Value {
	out := make([]Value, len(g.outputs))
	for i, v := range g.outputs {
		out[i] = Value{v.GetName(), typeOf(v)}
	}
	return out
}

// IsOutput reports whether the value is a result of the graph.
func (g *Graph) IsOutput(name string) bool {
	return slices.ContainsFunc(g.outputs, func(v *onnxpb.ValueInfoProto) bool { return v.GetName() == name })
}

// Initializer returns the constant of that name, nil when there is none.
func (g *Graph) Initializer(name string) *Tensor { return g.inits[name] }

// Initializers returns the constants in file order.
func (g *Graph) Initializers() []*Tensor {
	out := make([]*Tensor, len(g.names))
	for i, n := range g.names {
		out[i] = g.inits[n]
	}
	return out
}

// Constant returns the tensor behind a name: an initializer, the value of a
// Constant node, or either seen through Identity nodes. It returns nil for a
// value computed at run time. Root is the initializer's or Constant output's
// own name.
func (g *Graph) Constant(name string) (t *Tensor, root string) {
	for {
		if t := g.inits[name]; t != nil {
			return t, name
		}
		n := g.producer[name]
		switch {
		case n == nil || n.Domain() != "":
			return nil, ""
		case n.Op() == "Identity":
			name = n.Input(0)
		case n.Op() == "Constant":
			return constantValue(n), name
		default:
			return nil, ""
		}
	}
}

// constantValue reads a Constant node's value in any of its dense numeric
// forms; nil for the others.
func constantValue(n *Node) *Tensor {
	name := n.Output(0)
	if t := n.Tensor("value"); t != nil {
		return t.Renamed(name)
	}
	switch {
	case n.Has("value_int"):
		return Scalar(name, n.Int("value_int", 0))
	case n.Has("value_float"):
		return Scalar(name, n.Float("value_float", 0))
	case n.Has("value_ints"):
		v := n.Ints("value_ints")
		return NewTensor(name, []int64{int64(len(v))}, v)
	case n.Has("value_floats"):
		v := n.Floats("value_floats")
		return NewTensor(name, []int64{int64(len(v))}, v)
	}
	return nil
}

// Producer returns the node that makes a value, nil for inputs and
// initializers.
func (g *Graph) Producer(name string) *Node { return g.producer[name] }

// Consumers returns the places that read a value, in node order. The caller
// must not change the slice.
func (g *Graph) Consumers(name string) []Use { return g.consumers[name] }

// Declared returns the type that the file states for a value: input, output,
// initializer or inner value_info. It may be stale or missing; inference
// gives the true one.
func (g *Graph) Declared(name string) (Type, bool) {
	if t := g.inits[name]; t != nil {
		return t.Type(), true
	}
	for _, list := range [][]*onnxpb.ValueInfoProto{g.inputs, g.outputs} {
		for _, v := range list {
			if v.GetName() == name {
				return typeOf(v), true
			}
		}
	}
	if v := g.types[name]; v != nil {
		return typeOf(v), true
	}
	return Type{}, false
}

func (g *Graph) index() {
	g.producer = make(map[string]*Node, len(g.nodes))
	g.consumers = make(map[string][]Use, len(g.nodes))
	g.inner = map[string]bool{}
	for _, n := range g.nodes {
		for _, o := range n.Outputs() {
			if o != "" {
				g.producer[o] = n
			}
		}
		for i, in := range n.Inputs() {
			if in != "" {
				g.consumers[in] = append(g.consumers[in], Use{n, i})
			}
		}
		var s scope
		s.node(n.pb)
		for _, in := range s.captured {
			g.consumers[in] = append(g.consumers[in], Use{n, -1})
		}
		for name := range s.visible {
			g.inner[name] = true
		}
	}
}

// typeOf reads a declared type. An axis without a usable extent is given a
// symbol of its own, named after the value and the axis.
func typeOf(v *onnxpb.ValueInfoProto) Type {
	t := v.GetType().GetTensorType()
	if t == nil {
		return Type{}
	}
	out := Type{Elem: Elem(t.GetElemType())}
	if t.Shape == nil {
		return out
	}
	out.Shape = make(Shape, len(t.Shape.GetDim()))
	for i, d := range t.Shape.GetDim() {
		switch x := d.GetValue().(type) {
		case *onnxpb.TensorShapeProto_Dimension_DimValue:
			out.Shape[i] = Known(x.DimValue)
		case *onnxpb.TensorShapeProto_Dimension_DimParam:
			if x.DimParam != "" {
				out.Shape[i] = Symbol(x.DimParam)
			}
		}
		if n, ok := out.Shape[i].Value(); ok && n <= 0 {
			out.Shape[i] = Symbol(v.GetName() + "." + strconv.Itoa(i))
		}
	}
	return out
}

func protoType(t Type) *onnxpb.TypeProto {
	tt := &onnxpb.TypeProto_Tensor{ElemType: t.Elem.proto()}
	if t.Shape != nil {
		tt.Shape = &onnxpb.TensorShapeProto{}
		for _, d := range t.Shape {
			pd := &onnxpb.TensorShapeProto_Dimension{}
			if n, ok := d.Value(); ok {
				pd.Value = &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: n}
			} else {
				pd.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: d.String()}
			}
			tt.Shape.Dim = append(tt.Shape.Dim, pd)
		}
	}
	return &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: tt}}
}
