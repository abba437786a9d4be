package scoring

import "math/rand/v2"

var random = Measure{
	Name: "random", Summary: "a uniform draw: the baseline to beat",
	Formula: "uniform in [0, 1) from the seed and the sample's ID", Order: HighestFirst,
	Reference: "the mandatory baseline", Source: FromID,
	Of: func(r *Row) float64 { return r.Draw },
}

// keyOf is the FNV-1a hash of an ID, from which the random numbers of a
// sample are drawn wherever it stands.
func keyOf(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// draw is the uniform number in [0, 1) of a sample: PCG seeded with the run's
// seed and the sample's key.
func draw(seed uint64, id string) float64 { return float64(bitsOf(seed, id)>>11) / (1 << 53) }

// openDraw is such a number that is not 0 either.
func openDraw(seed uint64, id string) float64 { return openUnit(bitsOf(seed, id)) }

func bitsOf(seed uint64, id string) uint64 {
	var pcg rand.PCG
	pcg.Seed(seed, keyOf(id))
	return pcg.Uint64()
}
