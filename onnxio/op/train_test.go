package op_test

import (
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// trained runs a node in its training form, with the gradient by x of the
// sum of y weighted by dy. Fed tensors hold what uniform says.
func trained(t *testing.T, x, dy *onnxio.Tensor, uniform []float32, opName string, attrs ...onnxio.Attr) (y, dx []float32) {
	t.Helper()
	orttest.Need(t)
	m := graph(t, func(p *onnxio.Patch) {
		p.SetInputType("x", x.Type())
		node(p, "y", opName, []string{"x"}, attrs...)
		p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	})
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := onnxio.New("trained")
	w.SetOpset(op.Microsoft, 1)
	p := w.Graph.Edit()
	p.SetInputType("x", x.Type())
	p.SetInitializer(dy.Renamed("dy"))
	d := op.NewDerivative(op.NewEmit(p, 17, "g."), f, m.Graph)
	training, err := d.Forward()
	if err != nil {
		t.Fatal(err)
	}
	grads, err := d.Backward(map[string]string{"y": "dy"}, []string{"x"})
	if err != nil {
		t.Fatal(err)
	}
	in := []*ort.Tensor{tensor(t, x)}
	for name, typ := range training.Uniform {
		p.SetInputType(name, typ)
		dims, _ := typ.Shape.Ints()
		in = append(in, tensor(t, onnxio.NewTensor(name, dims, uniform)))
	}
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	p.SetOutputType(grads["x"], onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	b, err := w.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(b, ort.SessionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	out := make([]*ort.Tensor, 2)
	if err := s.Run(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
	return ort.Data[float32](out[0]), ort.Data[float32](out[1])
}

func tensor(t *testing.T, x *onnxio.Tensor) *ort.Tensor {
	t.Helper()
	raw, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	y, err := ort.FromBytes(x.Elem(), x.Dims(), raw)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// TestMaxPoolTies checks who gets the gradient where maxima are equal.
func TestMaxPoolTies(t *testing.T) {
	t.Parallel()
	x := onnxio.NewTensor("x", []int64{1, 1, 2, 4}, []float32{
		5, 5, 0, -1,
		5, 1, 0, 7,
	})
	dy := onnxio.NewTensor("dy", []int64{1, 1, 1, 2}, []float32{3, 10})
	_, dx := trained(t, x, dy, nil, "MaxPool", onnxio.Ints("kernel_shape", 2, 2), onnxio.Ints("strides", 2, 2))
	if want := []float32{1, 1, 0, 0, 1, 0, 0, 10}; !slices.Equal(dx, want) {
		t.Errorf("tiles: %v, want %v", dx, want)
	}
	dy = onnxio.NewTensor("dy", []int64{1, 1, 1, 3}, []float32{3, 20, 100})
	_, dx = trained(t, x, dy, nil, "MaxPool", onnxio.Ints("kernel_shape", 2, 2))
	if want := []float32{3, 20, 0, 0, 0, 0, 0, 100}; !slices.Equal(dx, want) {
		t.Errorf("overlapping: %v, want %v", dx, want)
	}
}

// TestDropout checks the training form against the draws it is fed.
func TestDropout(t *testing.T) {
	t.Parallel()
	x := onnxio.NewTensor("x", []int64{1, 4}, []float32{1, 2, 3, 4})
	dy := onnxio.NewTensor("dy", []int64{1, 4}, []float32{10, 10, 10, 10})
	y, dx := trained(t, x, dy, []float32{0.49, 0.51, 0, 0.99}, "Dropout")
	if want := []float32{0, 4, 0, 8}; !slices.Equal(y, want) {
		t.Errorf("y = %v, want %v", y, want)
	}
	if want := []float32{0, 20, 0, 20}; !slices.Equal(dx, want) {
		t.Errorf("dx = %v, want %v", dx, want)
	}
}

// TestKinks checks the gradient where the derivative does not exist.
func TestKinks(t *testing.T) {
	t.Parallel()
	tiny := float32(1e-30)
	x := onnxio.NewTensor("x", []int64{5}, []float32{0, float32(math.Copysign(0, -1)), tiny, -tiny, 3})
	dy := onnxio.NewTensor("dy", []int64{5}, []float32{1, 1, 1, 1, 1})
	for name, want := range map[string][]float32{
		"Relu": {0, 0, 1, 0, 1},
		"Abs":  {0, 0, 1, -1, 1},
	} {
		if _, dx := trained(t, x, dy, nil, name); !slices.Equal(dx, want) {
			t.Errorf("%s: %v, want %v", name, dx, want)
		}
	}
}
