package training

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// learner is a parameter that a step changes.
type learner struct {
	weight *onnxio.Tensor
	state  int
	grad   string // the value that is its gradient
	decays bool
}

// change is what a state will be.
type change struct {
	state int
	value string
}

// scalarInputs are the numbers that an update takes besides tensors.
type scalarInputs struct {
	optimizer []string
	share     string // of the new weights in the moving average, where there is one
	mean      string // one by the number of batches, where gradients are added up
}

// takeScalars makes them one input of a program.
func (t *trainingGraph) takeScalars(g *program, o StepOptions) scalarInputs {
	n := len(o.Optimizer.scalars(nil, 0, 1))
	t.scalars = n
	if o.Average > 0 {
		t.scalars++
	}
	if o.Accumulate {
		t.scalars++
	}
	name := t.fresh("scalars")
	g.emit.Patch.SetInputType(name, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(int64(t.scalars))})
	each := g.emit.Multi("", "Split", t.scalars, []string{name, g.emit.List(slices.Repeat([]int64{1}, t.scalars)...)})
	return scalarInputs{optimizer: each[:n], share: each[n%t.scalars], mean: each[t.scalars-1]}
}

// fillScalars sets them for the next step.
func (s *Step) fillScalars(dst []float32, rate float32) {
	dst = s.options.Optimizer.scalars(dst[:0], rate, s.taken+1)
	if s.options.Average > 0 {
		dst = append(dst, averageShare(s.options.Average, s.taken))
	}
	if s.options.Accumulate {
		_ = append(dst, 1/float32(s.added+1))
	}
}

// averageShare returns the part of the new weights in their average, after so
// many steps: 9/10 at first, so that what training began with is soon
// forgotten, and less from step to step until it is 1 − decay.
func averageShare(decay float64, steps int) float32 {
	n := float64(steps)
	return float32(1 - min(decay, (1+n)/(10+n)))
}

// accumulate has the first program add up the gradients over the batches of a
// step, and the update start from their mean.
func (t *trainingGraph) accumulate(update *program, learners []learner, mean string) {
	for k, l := range learners {
		i := t.zeros(sum, "gradient", l.weight)
		t.gradient.read(t, l.state)
		t.gradient.read(t, i)
		t.gradient.write(t, i, t.gradient.emit.Add(t.state[i].name, l.grad))
		update.read(t, i)
		learners[k].grad = update.emit.Mul(t.state[i].name, mean)
	}
}

// writeUpdate writes what becomes of each parameter and, as states of the
// step, the optimiser's slots. It gives the changes of the parameters.
func (t *trainingGraph) writeUpdate(g *program, o StepOptions, learners []learner, scalars []string) []change {
	o.Clip.write(g.emit, learners)
	var changes []change
	for _, l := range learners {
		states := []int{l.state}
		var slots []string
		for _, s := range o.Optimizer.slots() {
			i := t.zeros(slot, s, l.weight)
			states, slots = append(states, i), append(slots, t.state[i].name)
		}
		w, slots := o.Optimizer.update(g.emit, l.weight.Name(), l.grad, slots, scalars, l.decays)
		for k, v := range append([]string{w}, slots...) {
			g.read(t, states[k])
			g.write(t, states[k], v)
		}
		changes = append(changes, change{l.state, w})
	}
	return changes
}

// writeAverages makes the moving averages of what changes states of the step.
// What the batches change is an input of an update of its own.
func (t *trainingGraph) writeAverages(o StepOptions, changes []change, share string) {
	g, e := t.update, t.update.emit
	for _, c := range changes {
		v := t.state[c.state]
		if o.Accumulate && v.kind == statistic {
			g.read(t, c.state)
			c.value = v.name
		}
		i := t.add(variable{average, t.fresh("average/" + v.name), v.of, v.start})
		g.read(t, i)
		was := t.state[i].name
		g.write(t, i, e.Add(was, e.Mul(e.Sub(c.value, was), share)))
	}
}
