package scoring

import "math"

var consensusKL = Measure{
	Name: "consensus-kl", Summary: "the members farthest from their consensus",
	Formula: "mean_t Σ p_t·ln (p_t/p), in nats", Order: HighestFirst,
	Reference: "McCallum & Nigam 1998", Source: FromMembers,
	Of: func(r *Row) float64 {
		var sum float64
		for _, p := range r.Members {
			for k, v := range p {
				if v > 0 {
					sum += v * math.Log(v/r.P[k])
				}
			}
		}
		return max(0, sum/float64(len(r.Members)))
	},
}
