package scoring

import "math"

var meanSTD = Measure{
	Name: "mean-std", Summary: "the largest spread of the members' probabilities",
	Formula: "mean over classes of √(mean_t (p_t − p)²)", Order: HighestFirst,
	Reference: "Kampffmeyer et al. 2016; Gal et al. 2017 (arXiv 1703.02910)", Source: FromMembers,
	Of: func(r *Row) float64 {
		var sum float64
		for k, mean := range r.P {
			var square float64
			for _, p := range r.Members {
				square += (p[k] - mean) * (p[k] - mean)
			}
			sum += math.Sqrt(square / float64(len(r.Members)))
		}
		return sum / float64(len(r.P))
	},
}
