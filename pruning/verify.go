package pruning

import (
	"context"
	"errors"
	"fmt"
	"maps"
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
	// Mixed lists nodes that mix values along a pruned axis: across them the
	// pruned model is another function than the masked one, and the outputs
	// were only checked to be finite.
	Mixed []string `json:"mixed,omitempty"`
}

// Equal reports whether the check passed.
func (v *Verification) Equal() bool { return len(v.Mixed) > 0 || v.MaxDiff <= v.Tolerance }

// Sums taken in another order differ, of float32 by some 1e-6 of the greatest
// output over a whole network. One channel mistaken for another may show as
// little as 1e-4.
const (
	relativeTolerance     = 2e-5
	relativeToleranceHalf = 5e-3 // where weights or inputs are 16-bit floats
)

// VerifyOptions say how the check runs. The zero value runs 4 inputs.
type VerifyOptions struct {
	Inputs  int
	Seed    uint64
	Session ort.SessionOptions
}

// Masked is the model at full size in which every removed index has no
// effect: the weights that read it are zero. Removing those indices must not
// change what it computes.
func (a *Analysis) Masked(sel Selection) (*onnxio.Model, error) {
	gone, err := a.removed(sel)
	if err != nil {
		return nil, err
	}
	m := a.Model.Clone()
	p := m.Graph.Edit()
	zeroed := map[string]*onnxio.Tensor{}
	for _, u := range a.uses {
		sum := a.contracted(u)
		for k, x := range u.axes {
			if !sum[k] || len(x) == 0 || !u.tensor.Elem().Float() {
				continue
			}
			stay := a.kept(x, gone)
			if len(stay) == x.extent() {
				continue
			}
			t := zeroed[u.root]
			if t == nil {
				t = u.tensor
			}
			if t, err = zeroOutside(t, k, stay); err != nil {
				return nil, err
			}
			zeroed[u.root] = t
		}
	}
	for _, root := range slices.Sorted(maps.Keys(zeroed)) {
		if n := m.Graph.Producer(root); n != nil {
			p.Remove(n)
		}
		p.SetInitializer(zeroed[root].Renamed(root))
	}
	return m, p.Apply()
}

// zeroOutside sets a tensor to zero at the positions of an axis that are not
// in stay.
func zeroOutside(t *onnxio.Tensor, k int, stay []int) (*onnxio.Tensor, error) {
	w, err := t.Floats()
	if err != nil {
		return nil, err
	}
	keep := make([]bool, t.Dim(k))
	for _, j := range stay {
		keep[j] = true
	}
	inner := 1
	for _, d := range t.Dims()[k+1:] {
		inner *= int(d)
	}
	for i := range w {
		if !keep[i/inner%len(keep)] {
			w[i] = 0
		}
	}
	return t.WithFloats(w)
}

// Mixing lists the nodes that mix values along an axis that loses indices.
func (a *Analysis) Mixing(sel Selection) []string {
	gone, err := a.removed(sel)
	if err != nil {
		return nil
	}
	var out []string
	for _, n := range a.Model.Graph.Nodes() {
		for _, r := range a.rules[n].Mixed {
			if x := a.axisOf(n, r); len(x) > 0 && len(a.kept(x, gone)) < x.extent() {
				out = append(out, n.String())
				break
			}
		}
	}
	return out
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
