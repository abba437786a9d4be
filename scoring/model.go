package scoring

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// ModelOptions say what to take from a model and how to run it. The zero value
// is the class scores on the CPU, a run at a time on each thread.
type ModelOptions struct {
	// Session is how to run. Its Outputs are chosen by the Model, and its
	// Threads are shared out among the lanes.
	Session ort.SessionOptions
	// Lanes is the number of runs at a time; 0 is one a thread on the CPU, where
	// threads that never wait for each other do more than threads that share
	// each operator, and one on a GPU. The weights are there once.
	Lanes int
	// Logits names the output with the class scores; "" is the one that package
	// head finds.
	Logits string
	// Features names a value of the graph, inner or output, to give as
	// features; "" gives none. FindHead knows the input of the last layer.
	Features string
	// Sample is the shape of one sample, for a model that leaves an extent
	// besides the batch open.
	Sample []int
}

// Model is a Classifier on ONNX Runtime: a network with one float32 input
// whose first axis is the batch, [N C H W] or [N D], and a float32 output
// [N classes]. Of one that gives a single value, the logit or the probability
// of the second of two classes, it gives two logits. A model with a fixed batch is run as often as it takes, with
// the last batch filled up.
type Model struct {
	session *ort.Session
	sample  []int
	fixed   int       // the batch the model insists on, 0 where it is free
	rows    [][]int64 // shape of one sample in each output
	lanes   int
	batch   int
	padded  sync.Pool // of *[][]float32, buffers of a whole fixed batch
}

// NewModel makes a session of a model and runs it once, on zeros, to see what
// it gives; so whatever does not fit is an error here. The caller's model
// is not changed, nor kept. ort.Init must have succeeded.
func NewModel(ctx context.Context, m *onnxio.Model, o ModelOptions) (*Model, error) {
	c, err := newModel(ctx, m, o)
	if err != nil {
		return nil, fmt.Errorf("open classifier: %w", err)
	}
	return c, nil
}

// OpenModel returns NewModel of a file.
func OpenModel(ctx context.Context, path string, o ModelOptions) (*Model, error) {
	m, err := onnxio.Load(path)
	if err != nil {
		return nil, err
	}
	c, err := newModel(ctx, m, o)
	if err != nil {
		return nil, fmt.Errorf("open classifier %s: %w", path, err)
	}
	return c, nil
}

func newModel(ctx context.Context, m *onnxio.Model, o ModelOptions) (*Model, error) {
	c := &Model{}
	var err error
	if c.fixed, c.sample, err = inputOf(m.Graph, o.Sample); err != nil {
		return nil, err
	}
	if err := op.CheckEvaluation(m); err != nil {
		return nil, err
	}
	m, found, err := head.Distribution(m, o.Logits)
	if err != nil {
		return nil, err
	}
	o.Logits = found.Output
	o.Session.Outputs = []string{o.Logits}
	if o.Features == o.Logits {
		return nil, fmt.Errorf("the features cannot be the logits %q", o.Logits)
	}
	if o.Features != "" {
		o.Session.Outputs = append(o.Session.Outputs, o.Features)
		if !m.Graph.IsOutput(o.Features) {
			m = m.Clone()
			edit := m.Graph.Edit()
			edit.SetOutputType(o.Features, onnxio.Type{Elem: onnxio.Float32})
			if err := edit.Apply(); err != nil {
				return nil, fmt.Errorf("give features %q: %w", o.Features, err)
			}
		}
	}
	c.lanes = lanes(&o)
	c.batch = preferredBatch(m, c.sample, o.Session.Provider)
	if c.fixed > 0 {
		c.batch = c.fixed
	}
	if m, err = rewrite.AvoidFaults(m); err != nil {
		return nil, err
	}
	if c.session, err = ort.SessionOf(ctx, m, o.Session); err != nil {
		return nil, err
	}
	if err := c.probe(ctx); err != nil {
		return nil, errors.Join(err, c.session.Close())
	}
	return c, nil
}

// inputOf reads the one input: the batch where it is fixed, else 0, and the
// shape of a sample, with open extents taken from sample.
func inputOf(g *onnxio.Graph, sample []int) (fixed int, shape []int, err error) {
	ins := g.Inputs()
	if len(ins) != 1 {
		return 0, nil, fmt.Errorf("the model has %d inputs, want one with the samples", len(ins))
	}
	in := ins[0]
	if in.Type.Elem != onnxio.Float32 || len(in.Type.Shape) < 2 {
		return 0, nil, fmt.Errorf("input %q is %v, want float32 with a batch axis first", in.Name, in.Type)
	}
	if n, ok := in.Type.Shape[0].Value(); ok {
		fixed = int(n)
	}
	dims := in.Type.Shape[1:]
	if sample != nil && len(sample) != len(dims) {
		return 0, nil, fmt.Errorf("input %q is %v, which takes no samples of %s", in.Name, in.Type, shapeText(sample))
	}
	for i, d := range dims {
		n, known := d.Value()
		switch {
		case !known && sample == nil:
			return 0, nil, fmt.Errorf("input %q is %v: give the shape of a sample, as the model leaves it open", in.Name, in.Type)
		case !known:
			n = int64(sample[i])
		case sample != nil && int64(sample[i]) != n:
			return 0, nil, fmt.Errorf("input %q is %v, which takes no samples of %s", in.Name, in.Type, shapeText(sample))
		}
		shape = append(shape, int(n))
	}
	return fixed, shape, nil
}

// probe runs one batch of zeros and keeps the shapes that come out.
func (m *Model) probe(ctx context.Context) error {
	n := max(m.fixed, 1)
	in, err := ort.NewTensor(m.inputShape(n), make([]float32, n*size(m.sample)))
	if err != nil {
		return err
	}
	defer in.Close()
	out := make([]*ort.Tensor, len(m.session.Outputs()))
	defer closeAll(out)
	if err := m.session.Run(ctx, []*ort.Tensor{in}, out); err != nil {
		return err
	}
	for i, t := range out {
		shape := t.Shape()
		if t.Elem() != onnxio.Float32 || len(shape) < 2 || shape[0] != int64(n) {
			return fmt.Errorf("output %q is %v for a batch of %d, want float32 with the batch first",
				m.session.Outputs()[i].Name, t, n)
		}
		m.rows = append(m.rows, slices.Clone(shape[1:]))
	}
	if slices.ContainsFunc(m.rows[0][1:], func(d int64) bool { return d != 1 }) {
		return fmt.Errorf("output %q is %v for a batch of %d, want one value a class", m.session.Outputs()[0].Name, out[0], n)
	}
	return nil
}

// Lanes implements Tuned.
func (m *Model) Lanes() int { return m.lanes }

// Batch implements Tuned.
func (m *Model) Batch() int { return m.batch }

// InputShape returns the shape of one sample.
func (m *Model) InputShape() []int { return slices.Clone(m.sample) }

// Classes returns the number of values the output has for a sample.
func (m *Model) Classes() int { return int(m.rows[0][0]) }

// FeatureLen returns the number of values the features have for a sample, 0 where
// none were asked for.
func (m *Model) FeatureLen() int {
	if len(m.rows) < 2 {
		return 0
	}
	return elements(m.rows[1])
}

// Close waits for a run to end and releases the session. It may be called
// again, and on nil.
func (m *Model) Close() error {
	if m == nil {
		return nil
	}
	return m.session.Close()
}

// Logits implements Classifier, for any number of goroutines. The runtime reads and writes the slices in
// place. A cancelled context stops the run at its next operator.
func (m *Model) Logits(ctx context.Context, batch []float32, n int, logits, features []float32) error {
	step := n
	if m.fixed > 0 {
		step = m.fixed
	}
	values := [][]float32{batch, logits, features}
	for at := 0; at < n; at += step {
		part := make([][]float32, len(values))
		for i, width := range m.widths() {
			if values[i] != nil {
				part[i] = values[i][at*width : min(at+step, n)*width]
			}
		}
		if err := m.run(ctx, step, min(step, n-at), part); err != nil {
			return err
		}
	}
	return nil
}

// widths returns the values a sample has in the input, the logits and the
// features.
func (m *Model) widths() []int {
	return []int{size(m.sample), m.Classes(), m.FeatureLen()}
}

// run puts count samples through the session in a batch of step. Values are
// input, logits and features, the last nil when not wanted.
func (m *Model) run(ctx context.Context, step, count int, values [][]float32) error {
	if count < step {
		return m.runPadded(ctx, step, values)
	}
	in, err := ort.NewTensor(m.inputShape(step), values[0])
	if err != nil {
		return err
	}
	defer in.Close()
	out := make([]*ort.Tensor, len(m.rows))
	defer closeAll(out)
	for i, row := range m.rows {
		if values[1+i] == nil {
			continue // the session makes one
		}
		if out[i], err = ort.NewTensor(append([]int64{int64(step)}, row...), values[1+i]); err != nil {
			return err
		}
	}
	return m.session.Run(ctx, []*ort.Tensor{in}, out)
}

// runPadded runs values of fewer samples than step in buffers of step.
func (m *Model) runPadded(ctx context.Context, step int, values [][]float32) error {
	buffers, ok := m.padded.Get().(*[][]float32)
	if !ok {
		buffers = new([][]float32)
		for _, width := range m.widths() {
			*buffers = append(*buffers, make([]float32, step*width))
		}
	}
	defer m.padded.Put(buffers)
	full := slices.Clone(*buffers)
	for i, v := range values {
		if v == nil {
			full[i] = nil
		}
	}
	clear(full[0][copy(full[0], values[0]):])
	if err := m.run(ctx, step, step, full); err != nil {
		return err
	}
	for i := 1; i < len(values); i++ {
		copy(values[i], full[i])
	}
	return nil
}

func (m *Model) inputShape(n int) []int64 {
	shape := []int64{int64(n)}
	for _, d := range m.sample {
		shape = append(shape, int64(d))
	}
	return shape
}

func closeAll(tensors []*ort.Tensor) {
	for _, t := range tensors {
		t.Close() // fails only for a tensor that a run is using
	}
}

func elements(shape []int64) int {
	n := 1
	for _, d := range shape {
		n *= int(d)
	}
	return n
}
