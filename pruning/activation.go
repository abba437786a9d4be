package pruning

import (
	"context"
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// activation is the mean absolute value of a channel over the samples, where
// the layers that the channel feeds read it: behind the normalisations and
// activations (Molchanov et al., "Pruning Convolutional Neural Networks for
// Resource Efficient Inference", ICLR 2017, section 2.2, of magnitudes). Of
// a channel read in several places it is the mean over those.
func activation(ctx context.Context, a *Analysis, e Evidence) ([][]float64, error) {
	probes := a.probes()
	m, outputs, err := a.watched(a.Model, probes, "Abs", "ReduceMean")
	if err != nil {
		return nil, err
	}
	means, err := meanOutputs(ctx, m, outputs, e)
	if err != nil {
		return nil, err
	}
	scores, places := make([][]float64, len(a.Groups)), make([]int, len(a.Groups))
	for i, g := range a.Groups {
		scores[i] = make([]float64, g.Size)
	}
	for i, p := range probes {
		for g := range a.groupsOn(p.axis) {
			places[g.ID]++
		}
		each := map[*Group][]float64{} // how many positions a choice has here
		a.positions(p.axis, func(_ int, r elem) {
			if at := a.group[r]; at.group != nil {
				if each[at.group] == nil {
					each[at.group] = make([]float64, at.group.Size)
				}
				each[at.group][at.index]++
			}
		})
		a.positions(p.axis, func(pos int, r elem) {
			if at := a.group[r]; at.group != nil {
				scores[at.group.ID][at.index] += means[i][pos] / each[at.group][at.index]
			}
		})
	}
	for i := range scores {
		for k := range scores[i] {
			scores[i][k] /= float64(max(places[i], 1))
		}
	}
	return scores, nil
}

// probe is an axis of an activation at which channels are looked at.
type probe struct {
	value string
	k     int
	axis  axis
}

// probes are the activations that weights read by a prunable axis. A group
// that no weight reads is looked at where it is made.
func (a *Analysis) probes() []probe {
	var out []probe
	seen, found := map[string]map[int]bool{}, map[*Group]bool{}
	look := func(value string, wanted func(*Group) bool) {
		if t, _ := a.Model.Graph.Constant(value); value == "" || t != nil || !a.Facts.Types[value].Elem.Float() {
			return
		}
		for k, x := range a.values[value] {
			groups := a.groupsOn(x)
			useful := false
			for g := range groups {
				useful = useful || wanted(g)
			}
			if !useful || seen[value][k] {
				continue
			}
			if seen[value] == nil {
				seen[value] = map[int]bool{}
			}
			seen[value][k] = true
			out = append(out, probe{value, k, x})
			for g := range groups {
				found[g] = true
			}
		}
	}
	for _, g := range a.Groups {
		for _, m := range g.Members {
			if !a.contracted(m.use)[m.Axis] {
				continue
			}
			for _, r := range m.use.reads {
				for i, in := range r.Node.Inputs() {
					if i != r.Index {
						look(in, func(on *Group) bool { return on == g })
					}
				}
			}
		}
	}
	for _, g := range a.Groups {
		for _, m := range g.Members {
			for _, r := range m.use.reads {
				if !found[g] {
					look(r.Node.Output(0), func(on *Group) bool { return on == g })
				}
			}
		}
	}
	return out
}

// groupsOn are the groups that remove positions of an axis.
func (a *Analysis) groupsOn(x axis) map[*Group]bool {
	out := map[*Group]bool{}
	a.positions(x, func(_ int, r elem) {
		if g := a.group[r].group; g != nil {
			out[g] = true
		}
	})
	return out
}

// meanOutputs runs a model on all samples and averages each output, which
// holds means over a batch, over the samples.
func meanOutputs(ctx context.Context, m *onnxio.Model, outputs []string, e Evidence) ([][]float64, error) {
	if len(outputs) == 0 {
		return nil, nil
	}
	e.Session.Outputs = outputs
	s, err := ort.SessionOf(ctx, m, e.Session)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	means := make([][]float64, len(outputs))
	count := 0.0
	for batch, err := range e.Samples {
		if err != nil {
			return nil, err
		}
		if len(s.Inputs()) != 1 {
			return nil, fmt.Errorf("the model has %d inputs, want one with the samples", len(s.Inputs()))
		}
		res, err := runAll(ctx, s, map[string]*ort.Tensor{s.Inputs()[0].Name: batch})
		if err != nil {
			return nil, err
		}
		n := float64(batch.Shape()[0])
		count += n
		for i, v := range res {
			if means[i] == nil {
				means[i] = make([]float64, len(v))
			}
			for k, x := range v {
				means[i][k] += float64(x) * n
			}
		}
	}
	if count == 0 {
		return nil, errors.New("there are no samples")
	}
	for i := range means {
		for k := range means[i] {
			means[i][k] /= count
		}
	}
	return means, nil
}
