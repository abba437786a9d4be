package training

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// GradientOptions configure Gradients. The zero value takes batches of 128
// samples and the model's class scores.
type GradientOptions struct {
	Batch     int // samples; 0 is 128
	Normalize Normalize
	Logits    string // the output with the class scores; "" is the one that package head finds
	Session   ort.SessionOptions
}

// Gradients gives, batch by batch, the gradient of the mean cross-entropy by
// every float32 weight that it reaches, of the network as it infers: with
// running statistics and nothing dropped. A weight goes by the initializer or
// Constant output that holds it; what several nodes read of it adds up. The
// slices are of use until the next batch is taken. A last batch that is not
// full is left out, unless it is the only one. ort.Init must have succeeded.
func Gradients(ctx context.Context, m *onnxio.Model, set Set, o GradientOptions) iter.Seq2[map[string][]float32, error] {
	return func(yield func(map[string][]float32, error) bool) {
		g, err := newGradients(m, set, o)
		stopped := false
		if err == nil {
			err = g.each(ctx, func(grads map[string][]float32) bool {
				stopped = !yield(grads, nil)
				return !stopped
			})
			err = errors.Join(err, g.close())
		}
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("gradients: %w", err))
		}
	}
}

// gradients is the graph of the loss's gradients and what runs it.
type gradients struct {
	*reader
	batch   int
	classes int
	session *ort.Session
	in, out []*ort.Tensor
	holders []string // of each output, the weight it is by
}

func newGradients(m *onnxio.Model, set Set, o GradientOptions) (*gradients, error) {
	if err := op.CheckEvaluation(m); err != nil {
		return nil, err
	}
	base, err := weightsAsInitializers(m)
	if err != nil {
		return nil, err
	}
	f, err := newForward(base, StepOptions{Logits: o.Logits, Sample: set.Shape()})
	if err != nil {
		return nil, err
	}
	g := &gradients{batch: o.Batch, classes: int(f.logits.Type.Shape[1].Or(0))}
	if g.batch <= 0 {
		g.batch = defaultBatch
	}
	g.batch = min(g.batch, set.Len())
	var sample []int
	shape := []int64{int64(g.batch)}
	for _, d := range f.input.Type.Shape[1:] {
		sample = append(sample, int(d.Or(0)))
		shape = append(shape, d.Or(0))
	}
	if g.reader, err = newReader(set, sample, g.classes, Augment{}, o.Normalize); err != nil {
		return nil, err
	}
	graph, wrt, err := g.write(f, o.Session.Provider)
	if err != nil {
		return nil, err
	}
	bytes, err := graph.Marshal()
	if err != nil {
		return nil, err
	}
	o.Session.Outputs = nil
	if g.session, err = ort.NewSession(bytes, o.Session); err != nil {
		return nil, err
	}
	if err := g.allocate(shape, wrt); err != nil {
		return nil, errors.Join(err, g.close())
	}
	for _, c := range wrt {
		_, root := m.Graph.Constant(c.Name())
		if root == "" {
			root = c.Name()
		}
		g.holders = append(g.holders, root)
	}
	return g, nil
}

// write makes the graph: forward as it stands, loss, gradients, which are
// the outputs, by the weights it returns.
func (g *gradients) write(f *forward, provider ort.Provider) (*onnxio.Model, []*onnxio.Tensor, error) {
	candidates, err := f.candidates()
	if err != nil {
		return nil, nil, err
	}
	m := f.Clone()
	m.SetOpset(op.Microsoft, 1)
	p := m.Graph.Edit()
	p.SetTypes(nil)
	for _, v := range m.Graph.Outputs() {
		p.RemoveOutput(v.Name)
	}
	p.SetInputType(f.input.Name, f.input.Type)
	target := p.Fresh("target")
	p.SetInputType(target, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{f.input.Type.Shape[0], onnxio.Known(int64(g.classes))}})
	e := op.NewEmit(p, f.facts.Opset, "gradient.")
	e.Kernels = ort.Kernels(provider)
	if e.Kernels {
		m.SetOpset(op.Native, 1)
	}
	l := Loss{}.write(e, f.logits.Name, target, "", int64(g.classes))
	names := make([]string, len(candidates))
	for i, c := range candidates {
		names[i] = c.Name()
	}
	grads, err := op.NewDerivative(e, f.facts, f.Graph).Backward(map[string]string{f.logits.Name: l.grad}, names)
	if err != nil {
		return nil, nil, err
	}
	var wrt []*onnxio.Tensor
	for _, c := range candidates {
		if grad := grads[c.Name()]; grad != "" {
			// One value may be the gradient by two weights, but is one output.
			p.SetOutputType(e.Op("Identity", []string{grad}), c.Type())
			wrt = append(wrt, c)
		}
	}
	if len(wrt) == 0 {
		return nil, nil, errors.New("no gradient reaches a float32 weight")
	}
	return m, wrt, p.Apply()
}

func (g *gradients) allocate(samples []int64, wrt []*onnxio.Tensor) error {
	for _, shape := range [][]int64{samples, {samples[0], int64(g.classes)}} {
		t, err := ort.Zeros(onnxio.Float32, shape...)
		if err != nil {
			return err
		}
		g.in = append(g.in, t)
	}
	for _, c := range wrt {
		t, err := ort.Zeros(onnxio.Float32, c.Dims()...)
		if err != nil {
			return err
		}
		g.out = append(g.out, t)
	}
	return nil
}

// each runs all full batches.
func (g *gradients) each(ctx context.Context, yield func(map[string][]float32) bool) error {
	samples, target := ort.Data[float32](g.in[0]), ort.Data[float32](g.in[1])
	for from := 0; from+g.batch <= g.set.Len(); from += g.batch {
		clear(target)
		for i := range g.batch {
			if err := errors.Join(ctx.Err(), g.plain(from+i, samples[i*g.size:][:g.size:g.size])); err != nil {
				return err
			}
			target[i*g.classes+g.set.Label(from+i)] = 1
		}
		if err := g.session.Run(ctx, g.in, g.out); err != nil {
			return err
		}
		if !yield(g.byHolder()) {
			return nil
		}
	}
	return nil
}

func (g *gradients) byHolder() map[string][]float32 {
	grads := make(map[string][]float32, len(g.out))
	for i, t := range g.out {
		v := ort.Data[float32](t)
		have, shared := grads[g.holders[i]]
		if !shared {
			grads[g.holders[i]] = v
			continue
		}
		for k := range have {
			have[k] += v[k]
		}
	}
	return grads
}

func (g *gradients) close() error {
	err := g.session.Close()
	for _, t := range append(g.in, g.out...) {
		err = errors.Join(err, t.Close())
	}
	return err
}
