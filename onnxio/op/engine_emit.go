package op

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Microsoft is the domain of the operators that every build of ONNX Runtime
// carries beside the standard ones.
const Microsoft = "com.microsoft"

// Native is the domain of the operators in C that package onnxio/ort adds to
// the runtime. They are in no file that is kept: only rules write them.
const Native = "prunefuse"

// nativeRank is how many axes the operators of the Native domain take at most.
const nativeRank = 8

// Emit writes nodes into a patch. Values are named by strings; constants are
// shared. It writes opset 17 or later.
type Emit struct {
	Patch  *onnxio.Patch
	Opset  int64
	Prefix string // of the names of new values
	// Kernels says that the graph is run where the operators of the domain
	// Native are. Without it only the standard ones and Microsoft's are
	// written.
	Kernels bool
	consts  map[string]string
	n       int
}

// NewEmit writes into p with the operators of the given opset.
func NewEmit(p *onnxio.Patch, opset int64, prefix string) *Emit {
	return &Emit{Patch: p, Opset: opset, Prefix: prefix, consts: map[string]string{}}
}

func (e *Emit) name(stem string) string {
	e.n++
	return e.Patch.Fresh(e.Prefix + strings.ToLower(stem) + strconv.Itoa(e.n))
}

// Op adds a node of the standard operator set with one output.
func (e *Emit) Op(op string, in []string, attrs ...onnxio.Attr) string {
	return e.Multi("", op, 1, in, attrs...)[0]
}

// Microsoft adds a node of the Microsoft domain with one output.
func (e *Emit) Microsoft(op string, in []string, attrs ...onnxio.Attr) string {
	return e.Multi(Microsoft, op, 1, in, attrs...)[0]
}

// native reports whether operators of the Native domain take a value.
func (e *Emit) native(t onnxio.Type) bool {
	return e.Kernels && t.Elem == onnxio.Float32 && t.Shape != nil && len(t.Shape) <= nativeRank
}

// Native adds a node of the Native domain with one output.
func (e *Emit) Native(op string, in []string, attrs ...onnxio.Attr) string {
	return e.Multi(Native, op, 1, in, attrs...)[0]
}

// Multi adds a node with n outputs.
func (e *Emit) Multi(domain, op string, n int, in []string, attrs ...onnxio.Attr) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = e.name(op)
	}
	e.Patch.Add(onnxio.NodeSpec{Op: op, Domain: domain, Inputs: in, Outputs: out, Attrs: attrs})
	return out
}

// Into adds a node that makes a value of a given name.
func (e *Emit) Into(out, op string, in []string, attrs ...onnxio.Attr) {
	// A name of its own: the value may have had another producer, which was
	// named after it.
	e.Patch.Add(onnxio.NodeSpec{Op: op, Name: e.name(op), Inputs: in, Outputs: []string{out}, Attrs: attrs})
}

// List returns a constant one-axis int64 tensor.
func (e *Emit) List(v ...int64) string {
	key := fmt.Sprint("i", v)
	if e.consts[key] == "" {
		e.consts[key] = e.name("ints")
		e.Patch.SetInitializer(onnxio.NewTensor(e.consts[key], []int64{int64(len(v))}, v))
	}
	return e.consts[key]
}

// Scalar returns a constant float32 of rank 0.
func (e *Emit) Scalar(v float32) string {
	key := fmt.Sprint("f", v)
	if e.consts[key] == "" {
		e.consts[key] = e.name("scalar")
		e.Patch.SetInitializer(onnxio.Scalar(e.consts[key], v))
	}
	return e.consts[key]
}

// Floats returns a constant float32 tensor.
func (e *Emit) Floats(v []float32, dims ...int64) string {
	name := e.name("floats")
	e.Patch.SetInitializer(onnxio.NewTensor(name, dims, v))
	return name
}

// Like returns a constant of rank 0 and a floating-point element type.
func (e *Emit) Like(v float32, elem onnxio.Elem) (string, error) {
	if elem == onnxio.Float32 {
		return e.Scalar(v), nil
	}
	key := fmt.Sprint(elem, v)
	if e.consts[key] == "" {
		name := e.name("scalar")
		if !elem.Float() {
			return "", fmt.Errorf("element type %v is not a float", elem)
		}
		t, err := onnxio.RawTensor(name, elem, nil, make([]byte, elem.Bits()/8)).WithFloats([]float32{v})
		if err != nil {
			return "", err
		}
		e.consts[key] = name
		e.Patch.SetInitializer(t)
	}
	return e.consts[key], nil
}

// Add returns a + b with broadcasting.
func (e *Emit) Add(a, b string) string { return e.Op("Add", []string{a, b}) }

// Sub returns a − b with broadcasting.
func (e *Emit) Sub(a, b string) string { return e.Op("Sub", []string{a, b}) }

// Mul returns a · b with broadcasting.
func (e *Emit) Mul(a, b string) string { return e.Op("Mul", []string{a, b}) }

// Div returns a / b with broadcasting.
func (e *Emit) Div(a, b string) string { return e.Op("Div", []string{a, b}) }

// Neg is −a.
func (e *Emit) Neg(a string) string { return e.Op("Neg", []string{a}) }

// Of applies an operator of one operand.
func (e *Emit) Of(op, x string) string { return e.Op(op, []string{x}) }

// Square is x².
func (e *Emit) Square(x string) string { return e.Mul(x, x) }

// InverseRoot is 1/√x.
func (e *Emit) InverseRoot(x string) string { return e.Of("Reciprocal", e.Of("Sqrt", x)) }

// Sum adds up along axes.
func (e *Emit) Sum(x string, keep bool, axes ...int64) string {
	return e.Op("ReduceSum", []string{x, e.List(axes...)}, keepDims(keep))
}

// Mean averages along axes.
func (e *Emit) Mean(x string, keep bool, axes ...int64) string {
	return e.Reduce("ReduceMean", x, keep, axes...)
}

// Reduce writes a reduction along axes, other than ReduceSum.
func (e *Emit) Reduce(op, x string, keep bool, axes ...int64) string {
	if e.Opset >= reduceSince[op] {
		return e.Op(op, []string{x, e.List(axes...)}, keepDims(keep))
	}
	return e.Op(op, []string{x}, onnxio.Ints("axes", axes...), keepDims(keep))
}

func keepDims(keep bool) onnxio.Attr {
	if keep {
		return onnxio.Int("keepdims", 1)
	}
	return onnxio.Int("keepdims", 0)
}

// Reshape gives x the shape; 0 copies an extent and −1 is worked out.
func (e *Emit) Reshape(x string, shape ...int64) string {
	return e.Op("Reshape", []string{x, e.List(shape...)})
}

// ReshapeLike gives x the shape of another value, whose inferred shape is s.
func (e *Emit) ReshapeLike(x, like string, s onnxio.Shape) string {
	dims := make([]int64, len(s))
	symbols := 0
	for i, d := range s {
		if n, ok := d.Value(); ok && n > 0 {
			dims[i] = n
			continue
		}
		dims[i] = -1
		symbols++
	}
	if s != nil && symbols <= 1 {
		return e.Reshape(x, dims...)
	}
	return e.Op("Reshape", []string{x, e.Op("Shape", []string{like})})
}

// Zeros returns a tensor of zeros of the shape of x.
func (e *Emit) Zeros(x string) string {
	return e.Op("ConstantOfShape", []string{e.Op("Shape", []string{x})})
}

// ExpandLike repeats x along its axes of extent 1 to the shape of another
// value. Both have the same rank; from and to are their inferred shapes.
func (e *Emit) ExpandLike(x string, from onnxio.Shape, like string, to onnxio.Shape) string {
	dims := make([]int64, len(to))
	for i, d := range to {
		n, ok := d.Value()
		switch {
		case from[i] == d:
			dims[i] = 1 // which copies
		case ok:
			dims[i] = n
		default:
			return e.Op("Expand", []string{x, e.Op("Shape", []string{like})})
		}
	}
	return e.Op("Expand", []string{x, e.List(dims...)})
}

// Transpose permutes the axes of x.
func (e *Emit) Transpose(x string, perm ...int64) string {
	return e.Op("Transpose", []string{x}, onnxio.Ints("perm", perm...))
}

// Slice cuts x along axes.
func (e *Emit) Slice(x string, starts, ends, axes, steps []int64) string {
	return e.Op("Slice", []string{x, e.List(starts...), e.List(ends...), e.List(axes...), e.List(steps...)})
}

// Pad adds zeros: begins of every axis, then ends.
func (e *Emit) Pad(x string, pads ...int64) string {
	return e.Op("Pad", []string{x, e.List(pads...)})
}

// Concat joins values along an axis.
func (e *Emit) Concat(axis int64, in ...string) string {
	return e.Op("Concat", in, onnxio.Int("axis", axis))
}

// MatMulT returns a · bᵀ over the last two axes, batched over the others.
func (e *Emit) MatMulT(a, b string) string {
	return e.Microsoft("FusedMatMul", []string{a, b}, onnxio.Int("transB", 1))
}

// MatMulTA is aᵀ · b over the last two axes, batched over the others.
func (e *Emit) MatMulTA(a, b string) string {
	return e.Microsoft("FusedMatMul", []string{a, b}, onnxio.Int("transA", 1))
}

// Positive is 1 where x > 0 and 0 elsewhere, exactly, for every float beyond
// ±1e-30: one pass, where a comparison and a cast take three times as long.
func (e *Emit) Positive(x string) string { return e.step(x, 0) }

// Zero is 1 where x is 0 and 0 where it is negative, exactly, for every float
// that is not between −1e-30 and 0; x must not be positive.
func (e *Emit) Zero(x string) string { return e.step(x, 1) }

func (e *Emit) step(x string, beta float32) string {
	return e.Op("HardSigmoid", []string{x}, onnxio.Float("alpha", 1e30), onnxio.Float("beta", beta))
}

// Repeat copies every position along the axes from 2 on as often as times
// says.
func (e *Emit) Repeat(x string, times ...int64) string {
	scales := []float32{1, 1}
	for _, n := range times {
		scales = append(scales, float32(n))
	}
	key := fmt.Sprint("s", scales)
	if e.consts[key] == "" {
		e.consts[key] = e.name("scales")
		e.Patch.SetInitializer(onnxio.NewTensor(e.consts[key], []int64{int64(len(scales))}, scales))
	}
	return e.Op("Resize", []string{x, "", e.consts[key]}, onnxio.Str("mode", "nearest"),
		onnxio.Str("coordinate_transformation_mode", "asymmetric"), onnxio.Str("nearest_mode", "floor"))
}

// aboveZero is x, which is not negative, kept away from zero so that it can
// be divided by.
func (e *Emit) aboveZero(x string) string {
	return e.Op("Max", []string{x, e.Scalar(1e-30)})
}

// Mask is 1 where the condition holds and 0 elsewhere.
func (e *Emit) Mask(cond string) string {
	return e.Op("Cast", []string{cond}, onnxio.Int("to", int64(onnxio.Float32)))
}
