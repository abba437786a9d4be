package op

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Case is one application of an operator on which its facets are checked.
type Case struct {
	Name   string
	Opset  int64 // 0: onnxio.NewOpset
	Attrs  []onnxio.Attr
	Inputs []Input
	Out    int // number of outputs; 0 means 1
	// Without lists outputs that are left out, as far as Out goes.
	Without []int
	// NoGrad lists inputs whose derivative is not compared: the function has
	// a kink at the case's values, or the gradient needs the input constant.
	NoGrad []int
	// Fixed says that the case does not hold for another extent of the
	// first axis of its inputs.
	Fixed bool
}

// Input is one input of a Case. Floats it does not state are distinct, a
// known distance apart and away from zero.
type Input struct {
	Shape    []int64
	Ints     []int64   // the elements of an integer or bool tensor
	Floats   []float32 // the elements of a float tensor
	Elem     onnxio.Elem
	Const    bool // an initializer rather than a graph input
	Positive bool // filled with values above zero
	Absent   bool // an optional input left out
}

// X returns a float32 activation of the given shape.
func X(shape ...int64) Input { return Input{Shape: shape, Elem: onnxio.Float32} }

// XPos returns a float32 activation with values above zero.
func XPos(shape ...int64) Input {
	return Input{Shape: shape, Elem: onnxio.Float32, Positive: true}
}

// XOf returns a float32 activation with the given values.
func XOf(values []float32, shape ...int64) Input {
	return Input{Shape: shape, Floats: values, Elem: onnxio.Float32}
}

// W returns a float32 weight of the given shape.
func W(shape ...int64) Input { return Input{Shape: shape, Elem: onnxio.Float32, Const: true} }

// Pos returns a float32 weight with values above zero.
func Pos(shape ...int64) Input {
	return Input{Shape: shape, Elem: onnxio.Float32, Const: true, Positive: true}
}

// I64 returns a constant one-axis int64 tensor.
func I64(v ...int64) Input {
	return Input{Shape: []int64{int64(len(v))}, Ints: v, Elem: onnxio.Int64, Const: true}
}

// I32 returns a constant one-axis int32 tensor.
func I32(v ...int64) Input {
	return Input{Shape: []int64{int64(len(v))}, Ints: v, Elem: onnxio.Int32, Const: true}
}

// I0 returns a constant int64 of rank 0.
func I0(v int64) Input { return Input{Ints: []int64{v}, Elem: onnxio.Int64, Const: true} }

// Bools returns a bool activation of 0 and 1.
func Bools(v []int64, shape ...int64) Input {
	return Input{Shape: shape, Ints: v, Elem: onnxio.Bool}
}

// F32 returns a constant float32 tensor with the given values; without a shape
// it is a scalar.
func F32(values []float32, shape ...int64) Input {
	return Input{Shape: shape, Floats: values, Elem: onnxio.Float32, Const: true}
}

// Q returns an activation of quantised numbers, of an integer type.
func Q(elem onnxio.Elem, shape ...int64) Input { return Input{Shape: shape, Elem: elem} }

// QW returns a weight of quantised numbers, of an integer type.
func QW(elem onnxio.Elem, shape ...int64) Input {
	return Input{Shape: shape, Elem: elem, Const: true}
}

// Points are constant zero points: a scalar where there is one.
func Points(elem onnxio.Elem, v ...int64) Input {
	in := Input{Ints: v, Elem: elem, Const: true}
	if len(v) != 1 {
		in.Shape = []int64{int64(len(v))}
	}
	return in
}

// Scales are constant scales: a scalar where there is one.
func Scales(v ...float32) Input {
	if len(v) == 1 {
		return F32(v)
	}
	return F32(v, int64(len(v)))
}

// None returns an optional input left out.
func None() Input { return Input{Absent: true} }

// Version returns the opset of the case.
func (c *Case) Version() int64 {
	if c.Opset == 0 {
		return onnxio.NewOpset
	}
	return c.Opset
}

// Spacing is how far apart the floats that a case does not state lie; none
// is nearer to zero than half of it.
func Spacing(n int64) float32 { return 4 / float32(max(n, 4)) }

// Tensor is input i of the case, a model of the definition d.
func (c *Case) Tensor(d *Def, i int) *onnxio.Tensor {
	in := c.Inputs[i]
	name := fmt.Sprintf("x%d", i)
	n := int64(1)
	for _, e := range in.Shape {
		n *= e
	}
	if !in.Elem.Float() {
		return intTensor(name, in, n)
	}
	v := in.Floats
	if v == nil {
		h := fnv.New64a()
		_, _ = fmt.Fprint(h, d.Domain, d.Type, c.Name, i)
		v = make([]float32, n)
		for k, at := range rand.New(rand.NewPCG(h.Sum64(), 1)).Perm(int(n)) {
			v[k] = (float32(at) + 0.5 - float32(n/2)) * Spacing(n)
			if in.Positive {
				v[k] = 0.5 + (float32(at)+0.5)*Spacing(n)/2
			}
		}
	}
	return onnxio.NewTensor(name, in.Shape, v)
}

func intTensor(name string, in Input, n int64) *onnxio.Tensor {
	v := in.Ints
	if v == nil {
		v = make([]int64, n)
		for i := range v {
			v[i] = int64(i%5) - 1
			if in.Elem == onnxio.Int8 || in.Elem == onnxio.Uint8 {
				v[i] = int64(i*37+11) % 256 // all of the range, far apart
			}
		}
	}
	switch in.Elem {
	case onnxio.Int8:
		return onnxio.NewTensor(name, in.Shape, convert[int8](v))
	case onnxio.Uint8:
		return onnxio.NewTensor(name, in.Shape, convert[uint8](v))
	case onnxio.Int16:
		return onnxio.NewTensor(name, in.Shape, convert[int16](v))
	case onnxio.Bool:
		b := make([]bool, n)
		for i := range b {
			b[i] = v[i] != 0
		}
		return onnxio.NewTensor(name, in.Shape, b)
	case onnxio.Int32:
		return onnxio.NewTensor(name, in.Shape, convert[int32](v))
	case onnxio.Uint32:
		return onnxio.NewTensor(name, in.Shape, convert[uint32](v))
	case onnxio.Uint64:
		return onnxio.NewTensor(name, in.Shape, convert[uint64](v))
	}
	return onnxio.NewTensor(name, in.Shape, v)
}

// Model returns the case as a model of one node, whose inputs are x0, x1, … and
// whose outputs y0, y1, …
func (c *Case) Model(d *Def) (*onnxio.Model, error) {
	m := onnxio.New(d.Type)
	m.SetOpset("", c.Version())
	if d.Domain != "" {
		m.SetOpset(d.Domain, 1)
	}
	p := m.Graph.Edit()
	node := onnxio.NodeSpec{Op: d.Type, Domain: d.Domain, Attrs: c.Attrs}
	for i, in := range c.Inputs {
		if in.Absent {
			node.Inputs = append(node.Inputs, "")
			continue
		}
		t := c.Tensor(d, i)
		node.Inputs = append(node.Inputs, t.Name())
		if in.Const {
			p.SetInitializer(t)
		} else {
			p.SetInputType(t.Name(), t.Type())
		}
	}
	for i := range max(c.Out, 1) {
		o := fmt.Sprintf("y%d", i)
		if slices.Contains(c.Without, i) {
			o = ""
		}
		node.Outputs = append(node.Outputs, o)
	}
	p.Add(node)
	if err := p.Apply(); err != nil {
		return nil, err
	}
	f, err := InferGraph(m, InferOptions{})
	if err != nil {
		return nil, err
	}
	p = m.Graph.Edit()
	for _, o := range node.Outputs {
		// The element type alone: an inferred shape must not reach the runtime
		// it is to be compared with.
		if o != "" {
			p.SetOutputType(o, onnxio.Type{Elem: f.Types[o].Elem})
		}
	}
	return m, p.Apply()
}
