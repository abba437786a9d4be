package scoring

import "slices"

var variationRatio = Measure{
	Name: "variation-ratio", Summary: "the fewest members that vote for the most voted class",
	Formula: "1 − (votes for the modal class)/T", Order: HighestFirst,
	Reference: "Freeman 1965; Gal et al. 2017 (arXiv 1703.02910)", Source: FromMembers,
	Of: func(r *Row) float64 {
		return 1 - float64(slices.Max(r.votes()))/float64(len(r.Members))
	},
}

// votes counts for each class the members that find it the most probable;
// where several tie, the lowest.
func (r *Row) votes() []int {
	r.count = slices.Grow(r.count[:0], len(r.P))[:len(r.P)]
	clear(r.count)
	for _, p := range r.Members {
		r.count[top(p)]++
	}
	return r.count
}

func top(p []float64) int {
	first := 0
	for k, v := range p {
		if v > p[first] {
			first = k
		}
	}
	return first
}
