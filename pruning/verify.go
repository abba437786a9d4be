package pruning

import (
	"context"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Verification is the outcome of a masked-equality check.
type Verification struct {
	// Inputs is how many random inputs were run, and Values how many values
	// of each were compared.
	Inputs int `json:"inputs"`
	Values int `json:"values"`
	// Value is the one nearest to its tolerance. MaxDiff is the greatest
	// absolute difference of any of its elements, Scale the greatest
	// magnitude of one, and Tolerance what MaxDiff may be for this Scale.
	Value     string  `json:"value"`
	MaxDiff   float64 `json:"max_diff"`
	Scale     float64 `json:"scale"`
	Tolerance float64 `json:"tolerance"`
	// Mixed lists nodes that mix values along a pruned axis, such as a mean
	// over channels: there silencing is not enough, and the original was run
	// with those nodes given the remaining indices alone.
	Mixed []string `json:"mixed,omitempty"`
}

// Equal reports whether the check passed.
func (v *Verification) Equal() bool { return v.MaxDiff <= v.Tolerance }

// Sums taken in another order differ, of float32 by some 1e-6 of the greatest
// output over a usual network and by 2e-5 over one of 164 layers. One channel
// mistaken for another may show as little as 1e-4.
const (
	relativeTolerance     = 5e-5
	relativeToleranceHalf = 5e-3 // where weights or inputs are 16-bit floats
)

// VerifyOptions say how the check runs. The zero value runs 4 inputs.
type VerifyOptions struct {
	Inputs  int
	Seed    uint64
	Session ort.SessionOptions
}

// Verify runs the masked original and the pruned model on random inputs and
// compares their outputs. It needs ONNX Runtime.
func (a *Analysis) Verify(ctx context.Context, sel Selection, pruned *onnxio.Model, o VerifyOptions) (*Verification, error) {
	masked, err := a.Masked(sel)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	taps := a.whole(sel, pruned)
	if masked, err = tapped(masked, taps); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if pruned, err = tapped(pruned, taps); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	v, err := Compare(ctx, masked, pruned, o)
	if err != nil {
		return nil, err
	}
	v.Mixed = a.Mixing(sel)
	return v, nil
}

// maxTaps bounds the inner values that are compared beside the outputs.
const maxTaps = 16

// whole lists float values inside the graph that keep all their indices, the
// last maxTaps of them: both models must give the same there, and it is seen
// there what a saturated output would hide.
func (a *Analysis) whole(sel Selection, pruned *onnxio.Model) []string {
	gone, err := a.removed(sel)
	if err != nil {
		return nil
	}
	var names []string
	for _, n := range slices.Backward(a.Model.Graph.Nodes()) {
		for _, o := range n.Outputs() {
			t := a.Facts.Types[o]
			if len(names) == maxTaps {
				return names
			}
			if o == "" || !t.Elem.Float() || a.Source.Graph.IsOutput(o) || a.Source.Graph.Producer(o) == nil || pruned.Graph.Producer(o) == nil {
				continue
			}
			cut := slices.ContainsFunc(a.values[o], func(x axis) bool { return len(a.kept(x, gone)) < x.extent() })
			if _, root := a.Model.Graph.Constant(o); !cut && root == "" {
				names = append(names, o)
			}
		}
	}
	return names
}

// tapped is the model with inner values as further outputs.
func tapped(m *onnxio.Model, names []string) (*onnxio.Model, error) {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	m = m.Clone()
	p := m.Graph.Edit()
	for _, name := range names {
		p.SetOutputType(name, f.Types[name])
	}
	return m, p.Apply()
}
