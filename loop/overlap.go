package loop

import (
	"math"

	"github.com/prunefuse/prunefuse/loop/config"
)

// annotatorsWanted is how many annotators each sample of a batch of n is for, in the
// order of choice. It depends on seed, round and n alone.
func annotatorsWanted(c config.Config, round, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = 1
	}
	k := int(math.Ceil(float64(c.Label.Overlap)*float64(n) - 1e-9))
	for _, i := range draw(c.Seed, streamOverlap+uint64(round-first), n, k) {
		out[i] = 2
	}
	return out
}
