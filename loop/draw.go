package loop

import "math/rand/v2"

// The streams of randomness of a run, told apart so that a change in one
// leaves the others alone.
const (
	streamLimit uint64 = iota + 1
	streamInitial
	streamRandom
	streamSelector // and one more for each round
	streamFinal    = 1 << 32
	streamOverlap  = 1 << 33 // and one more for each batch
	streamProbe    = 1 << 34 // and one more for each batch
)

// seedOf is the seed of a stream.
func seedOf(seed, stream uint64) uint64 { return rand.NewPCG(seed, stream).Uint64() }

// drawChunk is how many swaps are replayed at a time.
const drawChunk = 1 << 12

// draw picks k of n indices without repetition, in random order: the first k
// of rand.Perm(n), in memory of k and not of n.
//
// Perm swaps each position, from the last one down, with one not above it.
// Which index a position has in the end is found by following the position
// through the swaps in reverse. They are drawn twice for that: once to note the
// generator's state at every chunk, and once chunk by chunk, the last one first.
func draw(seed, stream uint64, n, k int) []int {
	source := rand.NewPCG(seed, stream)
	r := rand.New(source)
	var starts []rand.PCG
	for i := n - 1; i > 0; i-- {
		if (n-1-i)%drawChunk == 0 {
			starts = append(starts, *source)
		}
		r.Uint64N(uint64(i + 1))
	}
	at := make(map[int]int, k) // position → index in the result
	for i := range k {
		at[i] = i
	}
	swaps := make([]int, drawChunk)
	for c := len(starts) - 1; c >= 0; c-- {
		*source = starts[c]
		first := n - 1 - c*drawChunk
		last := max(first-drawChunk, 0) // exclusive
		for i := first; i > last; i-- {
			swaps[first-i] = int(r.Uint64N(uint64(i + 1)))
		}
		for i := last + 1; i <= first; i++ {
			swap(at, i, swaps[first-i])
		}
	}
	out := make([]int, k)
	for position, i := range at {
		out[i] = position
	}
	return out
}

// swap exchanges what is known of two positions.
func swap(at map[int]int, i, j int) {
	x, hasX := at[i]
	y, hasY := at[j]
	if i == j || !hasX && !hasY {
		return
	}
	delete(at, i)
	delete(at, j)
	if hasX {
		at[j] = x
	}
	if hasY {
		at[i] = y
	}
}
