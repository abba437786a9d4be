package pruning

import "context"

// lamp divides the squared magnitude of a channel by that of all channels of
// its group that are no less important, itself included (Lee et al.,
// "Layer-adaptive Sparsity for the Magnitude-based Pruning", ICLR 2021, here
// of channels instead of single weights). The order within a group is that
// of l2; the last channel of each group scores 1, so that no ranking of all
// groups together empties one.
func lamp(ctx context.Context, a *Analysis, e Evidence) ([][]float64, error) {
	scores, err := squared(ctx, a, e)
	if err != nil {
		return nil, err
	}
	for i, s := range scores {
		rest := 0.0
		out := make([]float64, len(s))
		for _, k := range ranked(s) {
			rest += s[k]
			if rest != 0 {
				out[k] = s[k] / rest
			}
		}
		scores[i] = out
	}
	return scores, nil
}
