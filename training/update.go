package training

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// writeUpdates makes each parameter a state of the step, and with it the
// optimiser's slots.
func (t *trainingGraph) writeUpdates(f *forward, e *op.Emit, o StepOptions, candidates []*onnxio.Tensor, grads map[string]string, scalars string) {
	numbers := e.Multi("", "Split", t.scalars, []string{scalars, e.List(slices.Repeat([]int64{1}, t.scalars)...)})
	for _, c := range candidates {
		grad := grads[c.Name()]
		if grad == "" {
			continue
		}
		vars := []variable{{parameter, c.Name(), c}}
		var slots []string
		for _, s := range o.Optimizer.slots() {
			name := e.Patch.Fresh(s + "/" + c.Name())
			zero := onnxio.NewTensor(name, c.Dims(), make([]float32, c.Len()))
			vars = append(vars, variable{slot, name, zero})
			slots = append(slots, name)
		}
		w, slots := o.Optimizer.update(e, c.Name(), grad, slots, numbers, o.Decay.on(f.Graph, c))
		for i, v := range append([]string{w}, slots...) {
			e.Patch.SetInputType(vars[i].name, c.Type())
			e.Patch.SetOutputType(v, c.Type())
		}
		t.state = append(t.state, vars...)
	}
}
