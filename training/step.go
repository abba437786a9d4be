package training

import (
	"cmp"
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
	Clip      Clip
	// Accumulate has a step take the mean gradient of several batches; see
	// Step.Accumulate.
	Accumulate bool
	// Average, where above 0, keeps a moving average of every parameter and
	// running statistic, of which so much stays in a step. It is what
	// Step.Model gives. In the n-th step the part that stays is n/(9 + n) as
	// long as that is less.
	Average float64
	// Learn and Freeze are patterns of weights by initializer, as package
	// path has them but for * that stands for slashes, too. Where there is a
	// pattern to learn, what none matches keeps its value; so does what a
	// pattern to freeze matches. The running statistics of a normalisation
	// go on all the same, as in PyTorch.
	Learn, Freeze []string
	// Loss is what it minimises.
	Loss Loss
	// Logits names the output to train; "" is the one with the class scores
	// that package head finds.
	Logits string
	// Sample is the shape of one sample, for a model that leaves an extent
	// besides the batch open.
	Sample []int
	// Session is how to run. Its Outputs are chosen by the Step.
	Session ort.SessionOptions

	standard bool // write no operators of our own, as where there are none
	norms    bool // give those of the last layer's gradients, where there is one
}

func (o StepOptions) check() error {
	if err := cmp.Or(o.Optimizer.check(), o.Decay.check(), o.Clip.check(), o.Loss.check()); err != nil {
		return err
	}
	if !(o.Average >= 0 && o.Average < 1) {
		return fmt.Errorf("moving average %v: want at least 0 and below 1", o.Average)
	}
	return nil
}

// Step is a model in training: its weights, the state of the optimiser, and
// the sessions that take both one step on. It is used from one goroutine at a
// time.
type Step struct {
	options  StepOptions
	graph    *trainingGraph
	gradient runner // of each batch
	update   runner // of each step; the zero one where gradient does all

	scalars     *ort.Tensor
	loss        *ort.Tensor
	state, next []*ort.Tensor // as of now, and what a run writes
	feeds       []*ort.Tensor
	taken       int // steps
	added       int // batches whose gradients the next step takes in
}

// runner is a session and the lists of its runs, made once.
type runner struct {
	*program
	session *ort.Session
	in, out []*ort.Tensor
}

// NewStep makes the training graph of a model that has one float32 input,
// batch first, and logits [batch, classes] or [batch, classes, 1, 1]; of one
// that ends in Softmax, or in Sigmoid for binary cross-entropy, the value before
// that is trained. Where StepOptions.Sample is [C H W] and the input has the
// channels last, the step takes them first. The model is not changed. ort.Init
// must have succeeded.
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
	if err := o.check(); err != nil {
		return nil, err
	}
	g, err := newTrainingGraph(m, o)
	if err != nil {
		return nil, err
	}
	o.Session.Outputs = nil
	s := &Step{options: o, graph: g}
	if s.gradient, err = newRunner(g.gradient, o.Session); err != nil {
		return nil, err
	}
	if o.Accumulate {
		s.update, err = newRunner(g.update, o.Session)
	}
	if err == nil {
		err = s.allocate()
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func newRunner(g *program, o ort.SessionOptions) (r runner, err error) {
	bytes, err := g.model.Marshal()
	if err != nil {
		return r, err
	}
	r.program = g
	r.session, err = ort.NewSession(bytes, o)
	return r, err
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
		s.state = append(s.state, now)
		next, err := ort.Zeros(onnxio.Float32, v.start.Dims()...)
		if err != nil {
			return err
		}
		s.next = append(s.next, next)
	}
	for _, f := range s.graph.feeds {
		dims, _ := f.Type.Shape.Ints()
		t, err := ort.Zeros(f.Type.Elem, dims...)
		if err != nil {
			return err
		}
		s.feeds = append(s.feeds, t)
	}
	return nil
}

// Sample returns the shape of one sample.
func (s *Step) Sample() []int { return slices.Clone(s.graph.sample) }

// Classes returns the number of classes that labels can name: that of the
// logits of a sample, and two where there is only one.
func (s *Step) Classes() int { return classesOf(s.graph.outputs) }

// Graph returns the training graph: the whole step as a model, but for the
// update of a step that accumulates. The caller must not change it.
func (s *Step) Graph() *onnxio.Model { return s.graph.gradient.model }

// Parameters returns the names of the weights that learn, in the order of the
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

// Run takes one step on the batch, and on those that were accumulated since
// the last one, with the given learning rate and returns the batch's loss
// before it. The batch's logits are those before it too. When the loss is not
// a finite number, or on an error, everything stays as it was.
func (s *Step) Run(ctx context.Context, b *Batch, rate float32) (loss float32, err error) {
	s.fillScalars(ort.Data[float32](s.scalars), rate)
	loss, err = s.runGradient(ctx, b)
	if err != nil || !finite(loss) {
		return loss, err
	}
	if s.options.Accumulate {
		if err := s.runUpdate(ctx); err != nil {
			return 0, err
		}
		s.commit(s.update.program)
	}
	s.commit(s.gradient.program)
	s.taken++
	s.added = 0
	s.clearSums()
	return loss, nil
}

// Accumulate adds the gradient of a batch to those of the next Run, which
// takes the mean over as many batches; running statistics change with every
// batch. It returns the loss; when that is not a finite number, or on an
// error, everything stays as it was. The step must have been made for it.
func (s *Step) Accumulate(ctx context.Context, b *Batch) (loss float32, err error) {
	if !s.options.Accumulate {
		return 0, errors.New("the step was not made to accumulate gradients")
	}
	loss, err = s.runGradient(ctx, b)
	if err != nil || !finite(loss) {
		return loss, err
	}
	s.commit(s.gradient.program)
	s.added++
	return loss, nil
}

// runGradient runs a batch through the first program.
func (s *Step) runGradient(ctx context.Context, b *Batch) (loss float32, err error) {
	r := &s.gradient
	r.in = append(r.in[:0], b.samples, b.target)
	if !s.options.Accumulate {
		r.in = append(r.in, s.scalars)
	}
	for _, i := range r.reads {
		r.in = append(r.in, s.state[i])
	}
	r.in = append(append(r.in, s.feeds...), b.draws...)
	if b.teacher != nil {
		r.in = append(r.in, b.teacher)
	}
	r.out = append(r.out[:0], s.loss, b.logits)
	for _, i := range r.writes {
		r.out = append(r.out, s.next[i])
	}
	if b.norm != nil {
		r.out = append(r.out, b.norm)
	}
	if err := r.session.Run(ctx, r.in, r.out); err != nil {
		return 0, err
	}
	return ort.Data[float32](s.loss)[0], nil
}

// runUpdate takes the step from the gradients and statistics that the batch
// before it has written but not made the state, so that both become it or
// neither.
func (s *Step) runUpdate(ctx context.Context) error {
	r := &s.update
	r.in = append(r.in[:0], s.scalars)
	for _, i := range r.reads {
		from := s.state
		if k := s.graph.state[i].kind; k == sum || k == statistic {
			from = s.next
		}
		r.in = append(r.in, from[i])
	}
	r.out = r.out[:0]
	for _, i := range r.writes {
		r.out = append(r.out, s.next[i])
	}
	return r.session.Run(ctx, r.in, r.out)
}

// commit makes what a program has written the state.
func (s *Step) commit(g *program) {
	for _, i := range g.writes {
		s.state[i], s.next[i] = s.next[i], s.state[i]
	}
}

// clearSums begins the gradient of the next step.
func (s *Step) clearSums() {
	for i, v := range s.graph.state {
		if v.kind == sum {
			clear(s.values(i))
		}
	}
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

// Model returns the model in training with its current weights and running
// statistics, or their moving averages where the step keeps them; everything
// else in it is unchanged.
func (s *Step) Model() (*onnxio.Model, error) {
	if s.options.Average > 0 {
		return s.with(average)
	}
	return s.with(parameter, statistic)
}

// with returns the model in training with the states of some kinds as its
// weights.
func (s *Step) with(kinds ...kind) (*onnxio.Model, error) {
	m := s.graph.base.Clone()
	p := m.Graph.Edit()
	for i, v := range s.graph.state {
		if slices.Contains(kinds, v.kind) {
			p.SetInitializer(s.tensor(i).Renamed(v.of))
		}
	}
	if err := p.Apply(); err != nil {
		return nil, fmt.Errorf("put trained weights into the model: %w", err)
	}
	return m, nil
}

// tensor returns a copy of state i as of now.
func (s *Step) tensor(i int) *onnxio.Tensor {
	v := s.graph.state[i]
	return onnxio.NewTensor(v.name, v.start.Dims(), s.values(i))
}

// values returns the memory of state i as of now.
func (s *Step) values(i int) []float32 { return ort.Data[float32](s.state[i]) }

// Close releases the session and the tensors. It may be called again, and on
// nil.
func (s *Step) Close() error {
	if s == nil {
		return nil
	}
	err := errors.Join(s.gradient.session.Close(), s.update.session.Close())
	for _, t := range slices.Concat(s.state, s.next, s.feeds, []*ort.Tensor{s.scalars, s.loss}) {
		err = errors.Join(err, t.Close())
	}
	return err
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
