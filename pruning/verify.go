package pruning

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Verification is the outcome of a masked-equality check.
type Verification struct {
	// Inputs is how many random inputs were run.
	Inputs int `json:"inputs"`
	// MaxDiff is the greatest absolute difference of any output element, and
	// Scale the greatest magnitude of one.
	MaxDiff float64 `json:"max_diff"`
	Scale   float64 `json:"scale"`
	// Tolerance is what MaxDiff may be, for this Scale.
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
	v, err := Compare(ctx, masked, pruned, o)
	if err != nil {
		return nil, err
	}
	v.Mixed = a.Mixing(sel)
	return v, nil
}

// Compare runs two models of the same inputs and outputs on random inputs
// (standard normal, batch 2 where the batch is free) and measures how far
// their outputs are apart. Outputs that are not finite are an error.
func Compare(ctx context.Context, x, y *onnxio.Model, o VerifyOptions) (*Verification, error) {
	if o.Inputs == 0 {
		o.Inputs = 4
	}
	sx, err := open(x, o.Session)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer sx.Close()
	sy, err := open(y, o.Session)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer sy.Close()
	v := &Verification{Inputs: o.Inputs}
	rng := rand.New(rand.NewPCG(o.Seed, 0x7665726966790000))
	for range o.Inputs {
		feeds, err := randomFeeds(x, rng)
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		if err := v.compare(ctx, sx, sy, feeds); err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
	}
	v.Tolerance = tolerance(x) * max(v.Scale, 1e-3)
	return v, nil
}

func tolerance(m *onnxio.Model) float64 {
	half := func(e onnxio.Elem) bool { return e == onnxio.Float16 || e == onnxio.BFloat16 }
	if slices.ContainsFunc(m.Graph.Inputs(), func(v onnxio.Value) bool { return half(v.Type.Elem) }) ||
		slices.ContainsFunc(m.Graph.Initializers(), func(t *onnxio.Tensor) bool { return half(t.Elem()) }) {
		return relativeToleranceHalf
	}
	return relativeTolerance
}

func open(m *onnxio.Model, o ort.SessionOptions) (*ort.Session, error) {
	b, err := m.Marshal()
	if err != nil {
		return nil, err
	}
	return ort.NewSession(b, o)
}

func (v *Verification) compare(ctx context.Context, sx, sy *ort.Session, feeds map[string]*ort.Tensor) error {
	defer func() {
		for _, t := range feeds {
			t.Close()
		}
	}()
	a, err := runAll(ctx, sx, feeds)
	if err != nil {
		return err
	}
	b, err := runAll(ctx, sy, feeds)
	if err != nil {
		return err
	}
	if len(a) != len(b) {
		return fmt.Errorf("the models differ in their outputs: %d against %d", len(a), len(b))
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return fmt.Errorf("output %d has %d elements against %d", i, len(a[i]), len(b[i]))
		}
		for j := range a[i] {
			p, q := float64(a[i][j]), float64(b[i][j])
			if math.IsNaN(p-q) || math.IsInf(p-q, 0) {
				return errors.New("an output is not finite on a random input")
			}
			v.MaxDiff = max(v.MaxDiff, math.Abs(p-q))
			v.Scale = max(v.Scale, math.Abs(p))
		}
	}
	return nil
}
