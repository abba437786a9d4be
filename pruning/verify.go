package pruning

import (
	"context"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/compare"
)

// Verification is the outcome of a check.
type Verification = compare.Result

// VerifyOptions say how a check runs.
type VerifyOptions = compare.Options

// Compare runs two models on the same inputs and finds out whether they compute
// the same, as [compare.Models] does.
func Compare(ctx context.Context, x, y *onnxio.Model, o VerifyOptions) (*Verification, error) {
	return compare.Models(ctx, x, y, o)
}

// Verify runs the masked original and the pruned model on random inputs and
// compares their outputs. It needs ONNX Runtime.
func (a *Analysis) Verify(ctx context.Context, sel Selection, pruned *onnxio.Model, o VerifyOptions) (*Verification, error) {
	masked, err := a.Masked(sel)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	seen, behind := a.compared(sel, pruned)
	if masked, err = compare.WithOutputs(masked, seen, behind); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if pruned, err = compare.WithOutputs(pruned, seen, behind); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	v, err := compare.Models(ctx, masked, pruned, o)
	if err != nil {
		return nil, err
	}
	v.Mixed = a.Mixing(sel)
	v.Behind = append(behind, v.Behind...)
	return v, nil
}
