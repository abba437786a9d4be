package scoring

import "math"

var entropy = Measure{
	Name: "entropy", Summary: "the largest entropy of the prediction",
	Formula: "−Σ p·ln p, in nats, 0·ln 0 = 0", Order: HighestFirst,
	Reference: "Shannon 1948; Settles 2009",
	Of:        func(r *Row) float64 { return entropyOf(r.P, r.First, r.Rest) },
}

// entropyOf takes the largest term, that of class first, as −p1·ln(1 − rest),
// which keeps its digits for a confident prediction.
func entropyOf(p []float64, first int, rest float64) float64 {
	h := -p[first] * math.Log1p(-rest)
	for k, v := range p {
		if k != first && v > 0 {
			h -= v * math.Log(v)
		}
	}
	return h
}
