package pruning

import (
	"context"
	"fmt"
	"math"
)

// inSteps selects what stays in several steps of equal size that end at the
// given counts. After each the channels that are left are scored anew, in the
// network that is left. First are the scores of the whole one.
func (c Config) inSteps(ctx context.Context, a *Analysis, crit Criterion, first [][]float64, counts []int) (Selection, error) {
	sel := make(Selection, len(a.Groups))
	left := make([]int, len(a.Groups))
	for i, g := range a.Groups {
		sel[i], left[i] = iota(g.Size), g.Size
	}
	scores := first
	for step := 1; step <= c.Steps; step++ {
		if step > 1 {
			var err error
			if scores, err = c.rescore(ctx, a, crit, sel); err != nil {
				return nil, fmt.Errorf("step %d: %w", step, err)
			}
		}
		for i, g := range a.Groups {
			gone := math.Round(float64(g.Size-counts[i]) * float64(step) / float64(c.Steps))
			left[i] = min(left[i], g.Size-int(gone))
			sel[i] = pick(sel[i], best(scores[i], left[i]))
		}
	}
	return sel, nil
}

// rescore gives the scores of the channels that a selection leaves.
func (c Config) rescore(ctx context.Context, a *Analysis, crit Criterion, sel Selection) ([][]float64, error) {
	m, _, err := a.Apply(sel, "")
	if err != nil {
		return nil, err
	}
	now, err := Analyze(m, Options{Ignore: c.Ignore, Parts: c.Parts})
	if err != nil {
		return nil, err
	}
	rated, err := now.Rate(ctx, crit, c.evidence())
	if err != nil {
		return nil, err
	}
	// The cut keeps nodes and weights in their order, and with them groups
	// and channels; a single channel is no group any more.
	out := make([][]float64, len(a.Groups))
	next := 0
	for i, g := range a.Groups {
		n := len(sel[i])
		if n == 1 {
			out[i] = []float64{0}
			continue
		}
		if next == len(now.Groups) || now.Groups[next].Size != n {
			return nil, fmt.Errorf("group %s is another one in the pruned model; prune in one step", g.Name())
		}
		out[i] = rated[next]
		next++
	}
	if next != len(now.Groups) {
		return nil, fmt.Errorf("group %s is not in the dense model; prune in one step", now.Groups[next].Name())
	}
	return out, nil
}
