package pruning

import (
	"context"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
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
	// Behind lists outputs that hang on a choice, such as the best boxes,
	// which the rounding of a sum can turn: what the choice is made of was
	// compared in their stead.
	Behind []string `json:"behind,omitempty"`
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

// VerifyOptions say how the check runs.
type VerifyOptions struct {
	Inputs  int // 0 is 4, and 1 where the weights take more than 2 GiB
	Seed    uint64
	Session ort.SessionOptions
	// InputShapes are the extents of inputs to run at; without them, open axes
	// have 2.
	InputShapes onnxio.InputShapes
}

// Verify runs the masked original and the pruned model on random inputs and
// compares their outputs. It needs ONNX Runtime.
func (a *Analysis) Verify(ctx context.Context, sel Selection, pruned *onnxio.Model, o VerifyOptions) (*Verification, error) {
	masked, err := a.Masked(sel)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	seen, behind := a.compared(sel, pruned)
	if masked, err = tapped(masked, seen, behind); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if pruned, err = tapped(pruned, seen, behind); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	v, err := Compare(ctx, masked, pruned, o)
	if err != nil {
		return nil, err
	}
	v.Mixed, v.Behind = a.Mixing(sel), behind
	return v, nil
}
