// Package scoringtest has pools and a classifier for the tests of scoring and of
// the packages that stand on it. It imports none of them, so that each may use it.
package scoringtest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync/atomic"
)

// Pool makes each sample from its index. Hook may delay or refuse it.
type Pool struct {
	N    int
	Dims []int
	Hook func(i int) error
}

// Len implements scoring.Pool.
func (p Pool) Len() int { return p.N }

// Shape implements scoring.Pool.
func (p Pool) Shape() []int { return p.Dims }

// ID implements scoring.Pool.
func (p Pool) ID(i int) string { return fmt.Sprintf("pool/%06d", i) }

// Label implements scoring.Labels.
func (p Pool) Label(i int) int { return i%4 - 1 }

// Read implements scoring.Pool.
func (p Pool) Read(i int, dst []float32) error {
	if p.Hook != nil {
		if err := p.Hook(i); err != nil {
			dst[0] = float32(math.NaN())
			return err
		}
	}
	rng := rand.New(rand.NewPCG(uint64(i), 5))
	for j := range dst {
		dst[j] = float32(rng.NormFloat64())
	}
	return nil
}

// Rows is a pool of rows of logits, which a Classifier passes through.
type Rows [][]float32

// Len implements scoring.Pool.
func (p Rows) Len() int { return len(p) }

// Shape implements scoring.Pool.
func (p Rows) Shape() []int { return []int{len(p[0])} }

// ID implements scoring.Pool.
func (p Rows) ID(i int) string { return fmt.Sprint("id", i) }

// Read implements scoring.Pool.
func (p Rows) Read(i int, dst []float32) error {
	copy(dst, p[i])
	return nil
}

// Classifier takes the first values of a sample for its logits and its first two
// for its features. It refuses to be used from more goroutines than it has lanes,
// and buffers of a wrong size.
type Classifier struct {
	Dims      []int // of a sample
	Outputs   int   // classes
	Clean     bool  // a NaN among the samples is an error
	Hook      func(ctx context.Context, n int) error
	LaneCount int // 0 is 1
	busy      atomic.Int32
}

// Fakes returns a pool of n samples and a classifier that takes them.
func Fakes(n int) (*Classifier, Pool) {
	return &Classifier{Dims: []int{2, 2, 3}, Outputs: 5, Clean: true}, Pool{N: n, Dims: []int{2, 2, 3}}
}

// InputShape implements scoring.Classifier.
func (c *Classifier) InputShape() []int { return c.Dims }

// Classes implements scoring.Classifier.
func (c *Classifier) Classes() int { return c.Outputs }

// FeatureLen implements scoring.Classifier.
func (c *Classifier) FeatureLen() int { return 2 }

// Lanes implements scoring.Tuned.
func (c *Classifier) Lanes() int { return max(1, c.LaneCount) }

// Batch implements scoring.Tuned.
func (c *Classifier) Batch() int { return 0 }

// Logits implements scoring.Classifier.
func (c *Classifier) Logits(ctx context.Context, batch []float32, n int, logits, features []float32) error {
	if c.busy.Add(1) > int32(c.Lanes()) {
		return errors.New("used from more goroutines than it has lanes")
	}
	defer c.busy.Add(-1)
	if c.Hook != nil {
		if err := c.Hook(ctx, n); err != nil {
			return err
		}
	}
	d := 1
	for _, extent := range c.Dims {
		d *= extent
	}
	if len(batch) != n*d || len(logits) != n*c.Outputs || features != nil && len(features) != n*2 {
		return fmt.Errorf("%d samples in buffers of %d, %d and %d", n, len(batch), len(logits), len(features))
	}
	if c.Clean && slices.ContainsFunc(batch, func(v float32) bool { return v != v }) {
		return errors.New("was given the values that an unreadable sample left behind")
	}
	for i := range n {
		copy(logits[i*c.Outputs:(i+1)*c.Outputs], batch[i*d:])
		if features != nil {
			copy(features[i*2:i*2+2], batch[i*d:])
		}
	}
	return nil
}
