// Package seeded gives random numbers that are looked up and not drawn in turn:
// by a seed and a sample's name, or by a place in a stream. Whoever needs one
// need not make those before it, so results depend neither on the order of the
// work nor on how a pool is cut.
package seeded

import "math/rand/v2"

// Key returns the FNV-1a hash of a name, from which the random numbers of a sample
// are drawn wherever the sample stands.
func Key(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// Uniform returns the number in [0, 1) that a seed gives a name: PCG seeded with
// both.
func Uniform(seed uint64, id string) float64 { return float64(bits(seed, id)>>11) / (1 << 53) }

// Positive returns such a number in (0, 1).
func Positive(seed uint64, id string) float64 { return openUnit(bits(seed, id)) }

func bits(seed uint64, id string) uint64 {
	var pcg rand.PCG
	pcg.Seed(seed, Key(id))
	return pcg.Uint64()
}

// openUnit makes a number in (0, 1) of the upper 53 bits. The last one would be
// rounded to 1.
func openUnit(bits uint64) float64 { return min((float64(bits>>11)+0.5)/(1<<53), 1-0x1p-53) }
