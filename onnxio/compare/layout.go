package compare

import (
	"fmt"
	"maps"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// layout is the extents of each input, by name.
type layout map[string][]int64

// sides are the sizes tried for open axes other than the batch.
var sides = []int64{6, 9, 16, 24, 32, 48, 64, 96, 128, 160, 192, 224, 256, 320, 384, 416, 480, 512, 640}

// maxTrialMACs bounds what one sample of a trial size may cost.
const maxTrialMACs = 2e10

// layouts lists the layouts that a model may be run at, those that its operators
// take with something to do first, smallest first. Batches of an open axis are
// 2 in every other layout and 3 in the rest.
func layouts(m *onnxio.Model, shapes onnxio.InputShapes) ([]layout, error) {
	open := false
	for _, v := range m.Graph.Inputs() {
		_, given := shapes[v.Name]
		if v.Type.Shape == nil && !given {
			return nil, fmt.Errorf("input %q has no stated rank", v.Name)
		}
		for k, d := range v.Type.Shape {
			open = open || (k > 0 && !given && !d.IsKnown())
		}
	}
	if !open {
		two, err := at(m, shapes, 2, 0)
		if err != nil {
			return nil, err
		}
		three, err := at(m, shapes, 3, 0)
		if err != nil || maps.EqualFunc(two, three, equal) {
			return []layout{two}, err
		}
		return []layout{two, three}, nil
	}
	var good, poor []layout
	for _, side := range sides {
		l, err := at(m, shapes, 2+int64(len(good)%2), side)
		if err != nil {
			return nil, err
		}
		switch takes, rich := sensible(m, l); {
		case takes && rich:
			good = append(good, l)
		case takes:
			poor = append(poor, l)
		}
	}
	if list := append(good, poor...); len(list) > 0 {
		return list, nil
	}
	l, err := at(m, shapes, 2, 2) // the runtime will say what is wrong
	return []layout{l}, err
}

func equal(x, y []int64) bool { return fmt.Sprint(x) == fmt.Sprint(y) }

// at is the layout with one batch and one size for all other open axes.
func at(m *onnxio.Model, shapes onnxio.InputShapes, batch, side int64) (layout, error) {
	l := layout{}
	for _, v := range m.Graph.Inputs() {
		if _, given := shapes[v.Name]; given {
			dims, err := shapes.Shape(v, 0)
			if err != nil {
				return nil, err
			}
			l[v.Name] = dims
			continue
		}
		dims := make([]int64, len(v.Type.Shape))
		for k, d := range v.Type.Shape {
			if dims[k] = d.Or(side); k == 0 {
				dims[k] = d.Or(batch)
			}
		}
		l[v.Name] = dims
	}
	return l, nil
}

// sensible reports whether a model's operators take inputs of a layout, and
// whether none that looks at neighbours or takes a mean of a map is left with a
// single place to look at. A model that cannot be inferred is taken to.
func sensible(m *onnxio.Model, l layout) (takes, rich bool) {
	inputs := map[string]onnxio.Shape{}
	for name, dims := range l {
		inputs[name] = onnxio.ShapeOf(dims...)
	}
	f, err := op.InferGraph(m, op.InferOptions{Inputs: inputs})
	if err != nil {
		return false, false
	}
	rich = true
	for _, n := range m.Graph.Nodes() {
		s := f.Types[n.Output(0)].Shape
		if f.Types[n.Output(0)].Elem.Float() && len(s) > 2 && s.Size().Is(0) {
			return false, false
		}
		in := f.Types[n.Input(0)].Shape
		kernel := f.Types[n.Input(1)].Shape
		looks := n.Op() == "GlobalAveragePool" || (n.Op() == "Conv" && len(kernel) > 2 && !kernel[2:].Size().Is(1))
		if looks && len(in) > 2 && in[2:].Size().Is(1) {
			rich = false
		}
	}
	return op.Count(m, f).MACs <= maxTrialMACs, rich
}
