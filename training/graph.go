package training

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// trainingGraph is one step as one or two models, and what their inputs and
// outputs are besides states. The gradient's inputs are the samples, the
// target, without an update of its own the scalars, the states, the feeds, the
// draws, then the teacher's logits where there is one; its outputs are the
// loss, the logits, the states, then the norms of the last layer's gradients
// where they are asked for. The update's are the scalars and the states.
type trainingGraph struct {
	gradient *program      // forward, loss, gradients
	update   *program      // the same one, unless gradients are added up
	base     *onnxio.Model // the model in training, whose weights are initializers

	batch   onnxio.Dim   // the symbol of the batch axis
	lone    *onnxio.Node // one that cannot take a batch of one sample, nil where all can
	sample  []int
	outputs int // logits of a sample
	state   []variable
	feeds   []onnxio.Value // zeros, which the runtime may overwrite
	draws   []onnxio.Value // uniform in [0, 1), anew for every batch
	scalars int            // how many there are
	teacher bool           // its logits are an input, too
	norms   bool           // those of the last layer's gradients are an output, too
}

// forward is the model as the training graph takes it up.
type forward struct {
	*onnxio.Model
	facts         *op.Facts
	input, logits onnxio.Value
}

func newTrainingGraph(m *onnxio.Model, o StepOptions) (*trainingGraph, error) {
	base, err := weightsAsInitializers(m)
	if err != nil {
		return nil, err
	}
	if base, err = op.ToEvaluation(base); err != nil {
		return nil, err
	}
	f, err := newForward(base, o)
	if err != nil {
		return nil, err
	}
	t := &trainingGraph{gradient: newProgram("train "+m.Graph.Name(), f.facts.Opset, ort.Kernels(o.Session.Provider) && !o.standard), base: base}
	for _, d := range f.input.Type.Shape[1:] {
		t.sample = append(t.sample, int(d.Or(0)))
	}
	t.batch, t.outputs = f.input.Type.Shape[0], int(f.logits.Type.Shape[1].Or(0))
	t.lone = f.lone()
	if err := o.Loss.checkOutputs(t.outputs); err != nil {
		return nil, err
	}
	candidates, err := f.candidates()
	if err != nil {
		return nil, err
	}
	if candidates, err = learning(candidates, o.Learn, o.Freeze); err != nil {
		return nil, err
	}
	if err := t.write(f, candidates, o); err != nil {
		return nil, err
	}
	return t, nil
}

// newForward lifts the model to an opset that gradients are written in, takes
// apart what they are taken through in parts, frees its batch axis and finds
// the logits.
func newForward(base *onnxio.Model, o StepOptions) (*forward, error) {
	base, _, err := rewrite.FreeBatch(base)
	if err != nil {
		return nil, err
	}
	if base, err = channelsFirst(base, o.Sample); err != nil {
		return nil, err
	}
	ins := base.Graph.Inputs()
	if len(ins) != 1 {
		return nil, fmt.Errorf("the model has %d inputs, want one with the samples", len(ins))
	}
	in := ins[0]
	if in.Type.Elem != onnxio.Float32 || len(in.Type.Shape) < 2 {
		return nil, fmt.Errorf("input %q is %v, want float32 with a batch axis first", in.Name, in.Type)
	}
	shape := in.Type.Shape.Clone()
	if shape[0].IsKnown() {
		shape[0] = onnxio.Symbol("N")
	}
	for i, d := range shape[1:] {
		if d.IsKnown() {
			continue
		}
		if len(o.Sample) != len(shape)-1 {
			return nil, fmt.Errorf("input %q is %v: give the shape of a sample, as the model leaves it open", in.Name, in.Type)
		}
		shape[1+i] = onnxio.Known(int64(o.Sample[i]))
	}
	open := op.InferOptions{Inputs: map[string]onnxio.Shape{in.Name: shape}}
	lifted, err := op.Lift(base)
	if err != nil {
		return nil, err
	}
	if lifted, err = op.Decompose(lifted, open); err != nil {
		return nil, err
	}
	facts, err := op.InferGraph(lifted, open)
	if err != nil {
		return nil, err
	}
	in.Type.Shape = shape
	f := &forward{Model: lifted, facts: facts, input: in}
	if len(facts.Unknown) > 0 {
		n := facts.Unknown[0]
		return nil, &op.UnsupportedError{Node: n.String(), Op: n.Op(), Opset: facts.Opset, Facet: "definition", Reason: "it is not in the operator table (see `prunefuse ops`)"}
	}
	return f, f.findLogits(o, in.Type.Shape[0], open)
}

// findLogits takes the output with the class scores; of one that ends in a
// Softmax or Sigmoid that the loss has in itself, the value before it.
func (f *forward) findLogits(o StepOptions, batch onnxio.Dim, open op.InferOptions) error {
	h, err := head.Find(f.Model, o.Logits)
	if err != nil {
		return err
	}
	name, err := o.Loss.kind().logits(h)
	if err != nil {
		return err
	}
	out := onnxio.Value{Name: name, Type: f.facts.Types[name]}
	if pointLike(out.Type.Shape) {
		if f.Model, out.Name, err = flattened(f.Model, name, out.Type); err != nil {
			return err
		}
		out.Type.Shape = out.Type.Shape[:2]
		if f.facts, err = op.InferGraph(f.Model, open); err != nil {
			return err
		}
	}
	s := out.Type.Shape
	if least := o.Loss.outputs(); out.Type.Elem != onnxio.Float32 || len(s) != 2 || s[1].Or(0) < least {
		return fmt.Errorf("output %q is %v: training needs a classifier, with float32 logits of [batch, classes] and at least %d for the loss %s%s", name, out.Type, least, o.Loss.kind(), o.Loss.alternative(h))
	}
	if s[0] != batch {
		return fmt.Errorf("output %q is %v for a batch of %v: the batch is fixed inside the model; export it with a free batch axis", name, out.Type, batch)
	}
	f.logits = out
	return nil
}

// lone finds a normalisation over the batch that has a single value a channel in
// a batch of one sample: no variance can be told from it.
func (f *forward) lone() *onnxio.Node {
	for _, n := range f.Graph.Nodes() {
		if n.Op() != "BatchNormalization" || n.Domain() != "" {
			continue
		}
		s := f.facts.Types[n.Input(0)].Shape
		if len(s) > 0 && s[0] == f.input.Type.Shape[0] && !slices.ContainsFunc(s[min(2, len(s)):], func(d onnxio.Dim) bool { return !d.Is(1) }) {
			return n
		}
	}
	return nil
}

// stateOf returns the running statistics, by name, with the node that keeps
// each.
func (f *forward) stateOf() map[string]*onnxio.Node {
	state := map[string]*onnxio.Node{}
	for _, n := range f.Graph.Nodes() {
		for _, i := range op.Lookup(n, f.facts.Opset).State {
			state[n.Input(i)] = n
		}
	}
	return state
}

// candidates returns the constants that learn if a gradient reaches them. A
// number without axes is part of a formula, not a parameter.
func (f *forward) candidates() ([]*onnxio.Tensor, error) {
	state := f.stateOf()
	var out []*onnxio.Tensor
	for _, t := range f.Graph.Initializers() {
		name := t.Name()
		if t.Rank() == 0 || !t.Elem().Float() || state[name] != nil || len(f.Graph.Consumers(name)) == 0 {
			continue
		}
		if t.Elem() != onnxio.Float32 {
			n := f.Graph.Consumers(name)[0].Node
			return nil, &op.UnsupportedError{
				Node: n.String(), Op: n.Op(), Opset: f.facts.Opset, Facet: "gradient",
				Reason: fmt.Sprintf("weight %q is %v and only float32 is trained; convert the model to float32", name, t.Elem()),
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// begin makes the programs and keeps the names of the model from what is made
// up on the way.
func (t *trainingGraph) begin(f *forward, o StepOptions) {
	e := t.gradient.emit
	t.update = t.gradient
	if o.Accumulate {
		t.update = newProgram("update "+f.Graph.Name(), f.facts.Opset, e.Kernels)
		for _, c := range f.Graph.Initializers() {
			t.update.emit.Patch.Fresh(c.Name())
		}
	}
	for _, c := range f.Graph.Initializers() {
		e.Patch.Fresh(c.Name())
	}
	for _, n := range f.Graph.Nodes() {
		if n.Domain() != "" {
			t.gradient.model.SetOpset(n.Domain(), f.Opset(n.Domain()))
		}
		for _, name := range n.Outputs() {
			if name != "" {
				e.Patch.Fresh(name)
			}
		}
	}
}

// end adds the constants that are no states, and joins operators.
func (t *trainingGraph) end(f *forward) (err error) {
	p := t.gradient.emit.Patch
	for _, c := range f.Graph.Initializers() {
		if !t.holds(c.Name()) {
			p.SetInitializer(c)
		}
	}
	if err := p.Apply(); err != nil {
		return err
	}
	if t.gradient.model, err = rewrite.FuseKernels(t.gradient.model, f.facts.Types); err != nil || t.update == t.gradient {
		return err
	}
	return t.update.emit.Patch.Apply()
}

// write makes the graph: forward, loss, gradients, update.
func (t *trainingGraph) write(f *forward, candidates []*onnxio.Tensor, o StepOptions) error {
	t.begin(f, o)
	e := t.gradient.emit
	p := e.Patch
	batch := f.input.Type.Shape[0]
	p.SetInputType(f.input.Name, f.input.Type)
	target, teacher := p.Fresh("target"), p.Fresh("teacher")
	logits := onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{batch, onnxio.Known(int64(t.outputs))}}
	p.SetInputType(target, logits)
	numbers := t.takeScalars(t.update, o)

	d := op.NewDerivative(e, f.facts, f.Graph)
	training, err := d.Forward()
	if err != nil {
		return err
	}
	l := o.Loss.write(e, f.logits.Name, target, teacher, int64(t.outputs))
	p.SetOutputType(l.value, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(1)})
	p.SetOutputType(f.logits.Name, logits)
	learners, err := t.differentiate(d, f, l, candidates, o)
	if err != nil {
		return err
	}
	if o.Accumulate {
		t.accumulate(t.update, learners, numbers.mean)
	}
	changes := t.writeUpdate(t.update, o, learners, numbers.optimizer)
	statistics, err := t.writeStatistics(f, training)
	if err != nil {
		return err
	}
	if o.Average > 0 {
		t.writeAverages(o, append(changes, statistics...), numbers.share)
	}
	t.feeds = inputs(p, training.Feeds)
	t.draws = inputs(p, training.Uniform)
	if o.Loss.Distill > 0 {
		p.SetInputType(teacher, logits)
		t.teacher = true
	}
	if last, ok := f.lastLayer(); ok && o.norms {
		p.SetOutputType(last.norms(e, batch))
		t.norms = true
	}
	return t.end(f)
}

// differentiate writes the gradients of the loss and makes the parameters that
// have one states of the step.
func (t *trainingGraph) differentiate(d *op.Derivative, f *forward, l term, candidates []*onnxio.Tensor, o StepOptions) ([]learner, error) {
	names := make([]string, len(candidates))
	for i, c := range candidates {
		names[i] = c.Name()
	}
	grads, err := d.Backward(map[string]string{f.logits.Name: l.grad}, names)
	if err != nil {
		return nil, err
	}
	var learners []learner
	for _, c := range candidates {
		if grad := grads[c.Name()]; grad != "" {
			i := t.add(variable{parameter, c.Name(), c.Name(), c})
			learners = append(learners, learner{c, i, grad, o.Decay.on(f.Graph, c)})
		}
	}
	if len(learners) == 0 {
		return nil, errors.New("nothing in the model can learn: no gradient reaches a float32 weight")
	}
	return learners, nil
}

// writeStatistics makes each running statistic a state of the step, which
// changes with every batch.
func (t *trainingGraph) writeStatistics(f *forward, training *op.Training) ([]change, error) {
	var changes []change
	for _, name := range sortedKeys(training.Update) {
		c := f.Graph.Initializer(name)
		if c == nil || c.Elem() != onnxio.Float32 {
			n := f.stateOf()[name]
			return nil, &op.UnsupportedError{
				Node: n.String(), Op: n.Op(), Opset: f.facts.Opset, Facet: "gradient",
				Reason: fmt.Sprintf("its running statistic %q is no float32 constant", name),
			}
		}
		i := t.add(variable{statistic, name, name, c})
		t.gradient.read(t, i)
		t.gradient.write(t, i, training.Update[name])
		changes = append(changes, change{i, training.Update[name]})
	}
	return changes, nil
}

// inputs makes graph inputs of the given types, by name.
func inputs(p *onnxio.Patch, types map[string]onnxio.Type) []onnxio.Value {
	var out []onnxio.Value
	for _, name := range sortedKeys(types) {
		p.SetInputType(name, types[name])
		out = append(out, onnxio.Value{Name: name, Type: types[name]})
	}
	return out
}

func (t *trainingGraph) holds(name string) bool {
	for _, v := range t.state {
		if v.name == name {
			return true
		}
	}
	return false
}
