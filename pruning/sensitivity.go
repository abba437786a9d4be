package pruning

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// How sensitivity is measured: what shares of a group's channels are taken
// away, over how many samples, and at how many places of each.
var sensitivityShares = []float64{0.15, 0.35, 0.65}

const (
	sensitivitySamples = 256
	sensitivityPlaces  = 16
)

// sensitivity is the error of the outputs, as Recovery has it, by group and
// share, where that group alone loses its least important channels and the
// network is recovered.
func (c Config) sensitivity(ctx context.Context, a *Analysis, scores [][]float64) ([][]float64, error) {
	if c.Evidence.Samples == nil {
		return nil, errors.New("sensitivity: there are no samples")
	}
	e := c.evidence()
	held, err := hold(e.Samples, sensitivitySamples)
	if err != nil {
		return nil, fmt.Errorf("sensitivity: %w", err)
	}
	e.Samples = held
	out := make([][]float64, len(a.Groups))
	for i, g := range a.Groups {
		order := ranked(scores[g.ID])
		for _, share := range sensitivityShares {
			sel := make(Selection, len(a.Groups))
			sel[i] = slices.Sorted(slices.Values(order[:remaining(g.Size, share)]))
			r, err := a.cut(sel, "")
			if err != nil {
				return nil, fmt.Errorf("sensitivity of %s: %w", g.Name(), err)
			}
			made, err := r.Recover(ctx, e, RecoverOptions{Places: sensitivityPlaces, KeepStatistics: true, near: true})
			if err != nil {
				return nil, fmt.Errorf("sensitivity of %s: %w", g.Name(), err)
			}
			out[i] = append(out[i], made.After)
		}
	}
	return out, nil
}

// remaining is how many of n channels stay without a share of them.
func remaining(n int, share float64) int {
	return max(1, n-max(1, int(math.Round(float64(n)*share))))
}

// hold keeps the first samples in memory.
func hold(samples iter.Seq2[*ort.Tensor, error], n int) (iter.Seq2[*ort.Tensor, error], error) {
	var kept []*ort.Tensor
	for t, err := range samples {
		if err != nil {
			return nil, err
		}
		dims := slices.Clone(t.Shape())
		take := min(n, int(dims[0]))
		size := len(t.Bytes()) / max(1, int(dims[0]))
		if len(kept) > 0 && int64(take) != kept[0].Shape()[0] {
			break // the model may take whole batches alone
		}
		dims[0] = int64(take)
		piece, err := ort.FromBytes(t.Elem(), dims, t.Bytes()[:take*size])
		if err != nil {
			return nil, err
		}
		kept = append(kept, piece)
		if n -= take; n <= 0 {
			break
		}
	}
	return func(yield func(*ort.Tensor, error) bool) {
		for _, t := range kept {
			if !yield(t, nil) {
				return
			}
		}
	}, nil
}

// bySensitivity ranks the channels of groups, by what the error grows by for what
// a channel saves, the least first: the order in which they go.
func (c Config) bySensitivity(ctx context.Context, a *Analysis, scores [][]float64) (func(groups []int) []int, error) {
	errs, err := c.sensitivity(ctx, a, scores)
	if err != nil {
		return nil, err
	}
	of := c.Budget.Of
	if of != Parameters {
		of = MACs
	}
	m, err := newMeter(a, c.InputShapes)
	if err != nil {
		return nil, err
	}
	dense := m.before.MACs
	if of == Parameters {
		dense = m.before.Parameters
	}
	price := make([][]float64, len(a.Groups)) // by group and channel, the first to go first
	for i, g := range a.Groups {
		sel := make(Selection, len(a.Groups))
		stay := remaining(g.Size, 0.5)
		sel[i] = ranked(scores[g.ID])[:stay]
		left, err := m.measure(of, sel)
		if err != nil {
			return nil, err
		}
		saved := max(1, float64(dense-left)/float64(max(1, g.Size-stay)))
		price[i] = slopes(g.Size, errs[i])
		for k := range price[i] {
			price[i][k] /= saved
		}
	}
	return func(groups []int) []int {
		type choice struct {
			group int
			price float64
		}
		var all []choice
		for _, g := range groups {
			for _, p := range price[g] {
				all = append(all, choice{g, p})
			}
		}
		slices.SortStableFunc(all, func(x, y choice) int { return cmp.Compare(x.price, y.price) })
		out := make([]int, len(all))
		for i, c := range all {
			out[i] = c.group
		}
		return out
	}, nil
}

// slopes are what the error grows by with each of n channels that go, by the
// errors at the shares: never less than with the channel before.
func slopes(n int, errs []float64) []float64 {
	out := make([]float64, n)
	gone, before := 0, 0.0
	rate := 0.0
	for i, share := range append(slices.Clone(sensitivityShares), 1) {
		to := n
		if i < len(errs) {
			to = n - remaining(n, share)
			if to > gone {
				rate = max(rate, (errs[i]-before)/float64(to-gone))
				before = max(before, errs[i])
			}
		} else {
			rate *= 2 // beyond what was measured
		}
		for ; gone < to; gone++ {
			out[gone] = rate
		}
	}
	return out
}
