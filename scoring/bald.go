package scoring

var bald = Measure{
	Name: "bald", Summary: "the largest information that the label has about the model",
	Formula: "H[mean_t p_t] − mean_t H[p_t], in nats", Order: HighestFirst,
	Reference: "Houlsby et al. 2011; Gal et al. 2017 (arXiv 1703.02910)", Source: FromMembers,
	Of: func(r *Row) float64 {
		var own float64
		for _, p := range r.Members {
			first := top(p)
			var rest float64
			for k, v := range p {
				if k != first {
					rest += v
				}
			}
			own += entropyOf(p, first, rest)
		}
		// Rounding may leave what cannot be negative a little below 0.
		return max(0, entropyOf(r.P, r.First, r.Rest)-own/float64(len(r.Members)))
	},
}
