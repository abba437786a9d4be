package training

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// StepOptions say what a step does. The zero value is plain gradient descent
// of every parameter on the CPU.
type StepOptions struct {
	Optimizer Optimizer // nil is SGD{}
	Decay     Decay     // what the optimiser's weight decay acts on; "" is all
	// Freeze names the weights that keep their values, by initializer.
	Freeze func(name string) bool
	// Logits names the output to train; "" is the first one.
	Logits string
	// Sample is the shape of one sample, for a model that leaves an extent
	// besides the batch open.
	Sample []int
	// Session is how to run. Its Outputs are chosen by the Step.
	Session ort.SessionOptions
}

// Step is a model in training: its weights, the state of the optimiser, and
// the session that takes both one step on. It is used from one goroutine at a
// time.
type Step struct {
	optimizer Optimizer
	graph     *trainingGraph
	session   *ort.Session
	scalars   *ort.Tensor
	loss      *ort.Tensor
	state     [2][]*ort.Tensor // as of now, and of the next step
	now       int
	taken     int           // steps, from the beginning of the run
	in, out   []*ort.Tensor // the lists of a run, made once
	feeds     []*ort.Tensor
}

// The places of the first tensors in a run's lists.
const (
	inSamples, inTarget, inScalars, inState = 0, 1, 2, 3
	outLoss, outLogits, outState            = 0, 1, 2
)

// NewStep makes the training graph of a model that has one float32 input,
// batch first, and logits [batch, classes]; of one that ends in Softmax, the
// value before that is trained. The model is not changed. ort.Init must have
// succeeded.
func NewStep(m *onnxio.Model, o StepOptions) (*Step, error) {
	s, err := newStep(m, o)
	if err != nil {
		return nil, fmt.Errorf("prepare training: %w", err)
	}
	return s, nil
}

func newStep(m *onnxio.Model, o StepOptions) (*Step, error) {
	if o.Optimizer == nil {
		o.Optimizer = SGD{}
	}
	if err := errors.Join(o.Optimizer.check(), o.Decay.check()); err != nil {
		return nil, err
	}
	g, err := newTrainingGraph(m, o)
	if err != nil {
		return nil, err
	}
	bytes, err := g.model.Marshal()
	if err != nil {
		return nil, err
	}
	o.Session.Outputs = nil
	s := &Step{optimizer: o.Optimizer, graph: g}
	if s.session, err = ort.NewSession(bytes, o.Session); err != nil {
		return nil, err
	}
	if err := s.allocate(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// allocate makes every tensor but those of the batches.
func (s *Step) allocate() (err error) {
	if s.scalars, err = ort.Zeros(onnxio.Float32, int64(s.graph.scalars)); err != nil {
		return err
	}
	if s.loss, err = ort.Zeros(onnxio.Float32, 1); err != nil {
		return err
	}
	for _, v := range s.graph.state {
		raw, err := v.start.Bytes()
		if err != nil {
			return err
		}
		now, err := ort.FromBytes(onnxio.Float32, v.start.Dims(), raw)
		if err != nil {
			return err
		}
		s.state[0] = append(s.state[0], now)
		next, err := ort.Zeros(onnxio.Float32, v.start.Dims()...)
		if err != nil {
			return err
		}
		s.state[1] = append(s.state[1], next)
	}
	for _, f := range s.graph.feeds {
		dims, _ := f.Type.Shape.Ints()
		t, err := ort.Zeros(f.Type.Elem, dims...)
		if err != nil {
			return err
		}
		s.feeds = append(s.feeds, t)
	}
	s.in = make([]*ort.Tensor, inState, len(s.session.Inputs()))
	s.out = make([]*ort.Tensor, outState, len(s.session.Outputs()))
	return nil
}

// Sample is the shape of one sample.
func (s *Step) Sample() []int { return slices.Clone(s.graph.sample) }

// Classes is the number of logits of a sample.
func (s *Step) Classes() int { return s.graph.classes }

// Graph is the training graph: the whole step as a model. The caller must not
// change it.
func (s *Step) Graph() *onnxio.Model { return s.graph.model }

// Parameters are the names of the weights that learn, in the order of the
// model's initializers.
func (s *Step) Parameters() []string {
	var names []string
	for _, v := range s.graph.state {
		if v.kind == parameter {
			names = append(names, v.name)
		}
	}
	return names
}

// Run takes one step on the batch with the given learning rate and returns
// the loss before it. The batch's logits are those before it too. When the
// loss is not a finite number, or on an error, the weights stay as they were.
func (s *Step) Run(ctx context.Context, b *Batch, rate float32) (loss float32, err error) {
	s.optimizer.scalars(ort.Data[float32](s.scalars)[:0], rate, s.taken+1)
	next := 1 - s.now
	in := append(s.in[:0], b.samples, b.target, s.scalars)
	in = append(append(append(in, s.state[s.now]...), s.feeds...), b.draws...)
	out := append(append(s.out[:0], s.loss, b.logits), s.state[next]...)
	if err := s.session.Run(ctx, in, out); err != nil {
		return 0, err
	}
	loss = ort.Data[float32](s.loss)[0]
	if finite(loss) {
		s.now = next
		s.taken++
	}
	return loss, nil
}

func finite(v float32) bool { return v-v == 0 }

// broken names a state that holds a value that is not finite, "" when there is
// none.
func (s *Step) broken() string {
	for i, v := range s.graph.state {
		if slices.ContainsFunc(s.values(i), func(x float32) bool { return !finite(x) }) {
			return v.name
		}
	}
	return ""
}

// Model is the model that was given with the weights and running statistics
// of now; everything else in it is unchanged.
func (s *Step) Model() (*onnxio.Model, error) {
	m := s.graph.base.Clone()
	p := m.Graph.Edit()
	for i, v := range s.graph.state {
		if v.kind != slot {
			p.SetInitializer(s.tensor(i))
		}
	}
	if err := p.Apply(); err != nil {
		return nil, fmt.Errorf("put trained weights into the model: %w", err)
	}
	return m, nil
}

// tensor is a copy of state i as of now.
func (s *Step) tensor(i int) *onnxio.Tensor {
	v := s.graph.state[i]
	return onnxio.NewTensor(v.name, v.start.Dims(), s.values(i))
}

// values is the memory of state i as of now.
func (s *Step) values(i int) []float32 { return ort.Data[float32](s.state[s.now][i]) }

// Close releases the session and the tensors. It may be called again, and on
// nil.
func (s *Step) Close() error {
	if s == nil {
		return nil
	}
	err := s.session.Close()
	for _, t := range slices.Concat(s.state[0], s.state[1], s.feeds, []*ort.Tensor{s.scalars, s.loss}) {
		err = errors.Join(err, t.Close())
	}
	return err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
