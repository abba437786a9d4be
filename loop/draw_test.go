package loop

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestDrawIsPerm(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 3, 10, drawChunk, drawChunk + 1, drawChunk + 2, 3*drawChunk + 7} {
		for _, k := range []int{0, 1, n / 2, n} {
			for seed := range uint64(3) {
				want := rand.New(rand.NewPCG(seed, streamInitial)).Perm(n)[:k]
				if got := draw(seed, streamInitial, n, k); !slices.Equal(got, want) {
					t.Fatalf("%d of %d with seed %d: not the first of Perm", k, n, seed)
				}
			}
		}
	}
}
