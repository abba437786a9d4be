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

// Compare runs two models of the same inputs and outputs on random inputs
// (standard normal, batch 2 where the batch is free) and measures how far
// their outputs are apart. Outputs that are not finite are an error, unless
// they are the same in both.
func Compare(ctx context.Context, x, y *onnxio.Model, o VerifyOptions) (*Verification, error) {
	if o.Inputs == 0 {
		o.Inputs = 4
		if weightBytes(x) > largeModel {
			o.Inputs = 1
		}
	}
	sx, err := ort.SessionOf(ctx, x, o.Session)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer sx.Close()
	sy, err := ort.SessionOf(ctx, y, o.Session)
	if err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	defer sy.Close()
	c := &comparison{sx: sx, sy: sy, apart: make([]apart, len(sx.Outputs()))}
	rng := rand.New(rand.NewPCG(o.Seed, 0x7665726966790000))
	for range o.Inputs {
		feeds, err := randomFeeds(x, o.InputShapes, rng, 2, 2)
		if err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
		if err := c.run(ctx, feeds); err != nil {
			return nil, fmt.Errorf("verify: %w", err)
		}
	}
	v := &Verification{Inputs: o.Inputs, Values: len(c.apart)}
	for i, a := range c.apart {
		// Values below a hundredth come out of sums of greater ones.
		limit := tolerance(x) * max(a.scale, 1e-2)
		if i == 0 || a.diff/limit > v.MaxDiff/v.Tolerance {
			v.Value, v.MaxDiff, v.Scale, v.Tolerance = sx.Outputs()[i].Name, a.diff, a.scale, limit
		}
	}
	return v, nil
}

// largeModel is a size of weights in bytes above which one random input has to
// do: every run reads all of them.
const largeModel = 2 << 30

func weightBytes(m *onnxio.Model) (n int64) {
	for _, t := range m.Graph.Initializers() {
		n += t.Len() * int64(t.Elem().Bits()) / 8
	}
	return n
}

func tolerance(m *onnxio.Model) float64 {
	half := func(e onnxio.Elem) bool { return e == onnxio.Float16 || e == onnxio.BFloat16 }
	if slices.ContainsFunc(m.Graph.Inputs(), func(v onnxio.Value) bool { return half(v.Type.Elem) }) ||
		slices.ContainsFunc(m.Graph.Initializers(), func(t *onnxio.Tensor) bool { return half(t.Elem()) }) {
		return relativeToleranceHalf
	}
	return relativeTolerance
}

// comparison is two sessions and how far their outputs were apart so far.
type comparison struct {
	sx, sy *ort.Session
	apart  []apart
}

// apart is the greatest difference and the greatest magnitude of an output.
type apart struct{ diff, scale float64 }

func (c *comparison) run(ctx context.Context, feeds map[string]*ort.Tensor) error {
	defer func() {
		for _, t := range feeds {
			t.Close()
		}
	}()
	a, err := runAll(ctx, c.sx, feeds)
	if err != nil {
		return err
	}
	b, err := runAll(ctx, c.sy, feeds)
	if err != nil {
		return err
	}
	if len(a) != len(b) {
		return fmt.Errorf("the models differ in their outputs: %d against %d", len(a), len(b))
	}
	for i := range a {
		if len(a[i]) != len(b[i]) {
			return fmt.Errorf("output %q has %d elements against %d", c.sx.Outputs()[i].Name, len(a[i]), len(b[i]))
		}
		if err := c.apart[i].add(a[i], b[i]); err != nil {
			return fmt.Errorf("output %q: %w", c.sx.Outputs()[i].Name, err)
		}
	}
	return nil
}

func (a *apart) add(x, y []float32) error {
	for j := range x {
		p, q := float64(x[j]), float64(y[j])
		switch {
		case p == q && math.IsInf(p, 0):
			continue
		case math.IsNaN(p-q) || math.IsInf(p-q, 0):
			return errors.New("it is not finite on a random input")
		}
		a.diff = max(a.diff, math.Abs(p-q))
		a.scale = max(a.scale, math.Abs(p))
	}
	return nil
}
