package optest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

const (
	// directions are how many ways each input is moved.
	directions = 3
	// step is the greatest move of an element, as a share of the distance
	// between elements and at most maxStep: no two change order and none
	// changes sign.
	step    = 0.2
	maxStep = 1.0 / 256
	// slope is the relative error allowed of a directional derivative, which
	// covers the third-order term of the difference.
	slope = 3e-3
	// noise is the relative rounding error of a float32 forward pass.
	noise = 4e-6
)

// gradient compares the definition's vector-Jacobian product with central
// differences of its forward graph. With kernels, both are written with our
// own operators where those apply.
func gradient(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model, kernels bool) {
	m, err := op.Lift(m)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wrt := differentiable(c)
	if len(wrt) == 0 {
		t.Skip("no input that a gradient could be taken by")
	}
	back, err := backward(m, wrt, kernels)
	var none *op.UnsupportedError
	if errors.As(err, &none) {
		t.Skipf("no gradient: %s", none.Reason)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !hasFloat(m.Graph.Outputs()) {
		if slices.Contains(back.missing, false) {
			t.Error("a gradient comes out of an operator whose outputs have none")
		}
		return
	}
	forward, err := forwardAlone(m, facts, wrt, kernels)
	if err != nil {
		t.Fatal(err)
	}
	x := feeds(t, d, c)
	p := &point{t: t, forward: open(t, forward.model), rng: rand.New(rand.NewPCG(1, uint64(len(d.Type)+len(c.Name)))), feeds: x}
	p.feedTraining(forward.training)
	p.drawCotangent()
	got := runSession(t, open(t, back.model), p.withSeeds())
	for k, i := range wrt {
		if back.missing[k] {
			p.compare(i, make([]float32, x[fmt.Sprintf("x%d", i)].Len()))
			continue
		}
		g := got[slices.IndexFunc(back.model.Graph.Outputs(), func(v onnxio.Value) bool { return v.Name == gradName(i) })]
		if !slices.Equal(g.Shape(), x[fmt.Sprintf("x%d", i)].Shape()) {
			t.Errorf("gradient by input %d is %v", i, g)
			continue
		}
		p.compare(i, ort.Data[float32](g))
	}
}

// differentiable are the inputs of a case that gradients are taken by.
func differentiable(c *op.Case) (wrt []int) {
	for i, in := range c.Inputs {
		if !in.Absent && in.Elem == onnxio.Float32 && !slices.Contains(c.NoGrad, i) {
			wrt = append(wrt, i)
		}
	}
	return wrt
}

// usesKernels reports whether operators of our own take part in the training
// of a case where there are some.
func usesKernels(c *op.Case, m *onnxio.Model) bool {
	if !ort.Kernels(ort.CPU) {
		return false
	}
	m, err := op.Lift(m)
	if err != nil {
		return false
	}
	back, err := backward(m, differentiable(c), true)
	return err == nil && slices.ContainsFunc(back.model.Graph.Nodes(), func(n *onnxio.Node) bool { return n.Domain() == op.Native })
}

func hasFloat(values []onnxio.Value) bool {
	return slices.ContainsFunc(values, func(v onnxio.Value) bool { return v.Type.Elem.Float() })
}

func gradName(i int) string    { return fmt.Sprintf("grad.x%d", i) }
func seedName(y string) string { return "seed." + y }

// written is a graph made from a case's model.
type written struct {
	model    *onnxio.Model
	training *op.Training
	missing  []bool // by position in wrt: the outputs do not depend on it
}

// target is an empty model with the inputs and initializers of m. Those in
// fed are inputs.
func target(m *onnxio.Model, fed map[string]bool) (*onnxio.Model, *onnxio.Patch) {
	w := onnxio.New("check")
	w.SetOpset("", m.Opset(""))
	w.SetOpset(op.Microsoft, 1)
	w.SetOpset(op.Native, 1)
	p := w.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, v.Type)
	}
	for _, t := range m.Graph.Initializers() {
		if fed[t.Name()] {
			p.SetInputType(t.Name(), t.Type())
		} else {
			p.SetInitializer(t)
		}
	}
	return w, p
}

func (w *written) finish(p *onnxio.Patch) error {
	for _, list := range []map[string]onnxio.Type{w.training.Feeds, w.training.Uniform} {
		for name, typ := range list {
			p.SetInputType(name, typ)
		}
	}
	return p.Apply()
}

// forwardAlone is the forward graph in its training form, with the inputs in
// wrt fed.
func forwardAlone(m *onnxio.Model, facts *op.Facts, wrt []int, kernels bool) (*written, error) {
	fed := map[string]bool{}
	for _, i := range wrt {
		fed[fmt.Sprintf("x%d", i)] = true
	}
	w := &written{}
	var p *onnxio.Patch
	w.model, p = target(m, fed)
	e := op.NewEmit(p, m.Opset(""), "g.")
	e.Kernels = kernels
	d := op.NewDerivative(e, facts, m.Graph)
	var err error
	if w.training, err = d.Forward(); err != nil {
		return nil, err
	}
	for _, v := range m.Graph.Outputs() {
		if v.Type.Elem == onnxio.Float32 {
			p.SetOutputType(v.Name, v.Type)
		}
	}
	return w, w.finish(p)
}

// backward is the forward graph, decomposed where gradients are taken so,
// followed by the gradients.
func backward(m *onnxio.Model, wrt []int, kernels bool) (*written, error) {
	m, err := op.Decompose(m, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	facts, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	w := &written{missing: make([]bool, len(wrt))}
	var p *onnxio.Patch
	w.model, p = target(m, nil)
	e := op.NewEmit(p, m.Opset(""), "g.")
	e.Kernels = kernels
	d := op.NewDerivative(e, facts, m.Graph)
	if w.training, err = d.Forward(); err != nil {
		return nil, err
	}
	seeds := map[string]string{}
	for _, v := range m.Graph.Outputs() {
		if v.Type.Elem.Float() || !hasFloat(m.Graph.Outputs()) {
			seeds[v.Name] = seedName(v.Name)
			p.SetInputType(seedName(v.Name), onnxio.Type{Elem: onnxio.Float32, Shape: facts.Types[v.Name].Shape})
		}
	}
	names := make([]string, len(wrt))
	for k, i := range wrt {
		names[k] = fmt.Sprintf("x%d", i)
	}
	grads, err := d.Backward(seeds, names)
	if err != nil {
		return nil, err
	}
	for k, i := range wrt {
		g, ok := grads[names[k]]
		if !ok {
			w.missing[k] = true
			continue
		}
		e.Into(gradName(i), "Identity", []string{g})
		p.SetOutputType(gradName(i), onnxio.Type{Elem: onnxio.Float32})
	}
	if !slices.Contains(w.missing, false) {
		for _, v := range m.Graph.Outputs() { // a graph must have outputs
			p.SetOutputType(v.Name, v.Type)
		}
	}
	return w, w.finish(p)
}

// point is where the derivative is taken.
type point struct {
	t         *testing.T
	forward   *ort.Session
	feeds     map[string]*ort.Tensor
	rng       *rand.Rand
	cotangent [][]float32 // of each output of forward
	scale     float64     // magnitude of the cotangent's product with the outputs
}

// feedTraining makes what the training form asks for.
func (p *point) feedTraining(tr *op.Training) {
	for _, list := range []map[string]onnxio.Type{tr.Feeds, tr.Uniform} {
		for name, typ := range list {
			dims, ok := typ.Shape.Ints()
			if !ok {
				p.t.Fatalf("training feed %q has shape %v", name, typ.Shape)
			}
			x, err := ort.Zeros(onnxio.Float32, dims...)
			if err != nil {
				p.t.Fatal(err)
			}
			p.feeds[name] = x
		}
	}
	for name := range tr.Uniform {
		v := ort.Data[float32](p.feeds[name])
		for i := range v {
			v[i] = p.rng.Float32()
		}
	}
}

func (p *point) drawCotangent() {
	for _, y := range runSession(p.t, p.forward, p.feeds) {
		v := make([]float32, y.Len())
		for i, value := range ort.Data[float32](y) {
			v[i] = float32(p.rng.NormFloat64())
			p.scale += math.Pow(float64(v[i])*float64(value), 2)
		}
		p.cotangent = append(p.cotangent, v)
	}
	p.scale = math.Sqrt(p.scale)
}

func (p *point) withSeeds() map[string]*ort.Tensor {
	for i, v := range p.forward.Outputs() {
		y := runSession(p.t, p.forward, p.feeds)[i]
		s, err := ort.NewTensor(y.Shape(), p.cotangent[i])
		if err != nil {
			p.t.Fatal(err)
		}
		p.feeds[seedName(v.Name)] = s
	}
	return p.feeds
}

// loss is the product of the cotangent with the outputs.
func (p *point) loss() float64 {
	sum := 0.0
	for i, y := range runSession(p.t, p.forward, p.feeds) {
		for k, v := range ort.Data[float32](y) {
			sum += float64(p.cotangent[i][k]) * float64(v)
		}
	}
	return sum
}

// compare moves input i along random directions, each with the difference of
// the losses against the gradient's prediction.
func (p *point) compare(i int, grad []float32) {
	p.t.Helper()
	x := ort.Data[float32](p.feeds[fmt.Sprintf("x%d", i)])
	at := slices.Clone(x)
	defer copy(x, at)
	h := min(step*op.Spacing(int64(len(x))), maxStep)
	for range directions {
		move := make([]float32, len(x))
		for k := range move {
			move[k] = h * float32(2*p.rng.Float64()-1)
		}
		var ends [2][]float32
		var loss [2]float64
		for s, sign := range []float32{1, -1} {
			for k := range x {
				x[k] = at[k] + sign*move[k]
			}
			ends[s] = slices.Clone(x)
			loss[s] = p.loss()
		}
		want := loss[0] - loss[1]
		got, size := 0.0, 0.0
		for k := range grad {
			v := float64(grad[k]) * (float64(ends[0][k]) - float64(ends[1][k]))
			got += v
			size += v * v
		}
		if diff := math.Abs(got - want); !(diff <= slope*math.Sqrt(size)+noise*p.scale) {
			p.t.Errorf("gradient by input %d: moved by ±%.2g, the outputs change by %.6g, the gradient says %.6g", i, h, want, got)
			return
		}
	}
}
