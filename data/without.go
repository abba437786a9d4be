package data

import (
	"fmt"
	"slices"
	"sort"
)

// Without returns the samples of s but those at the given indices, in the order
// that they have. It holds the indices, and nothing for each sample that is
// left. Closing it closes s. An index outside of s is a mistake of the caller
// and panics.
func Without(s Set, indices []int) *Remainder {
	taken := slices.Clone(indices)
	slices.Sort(taken)
	taken = slices.Compact(taken)
	if n := len(taken); n > 0 && (taken[0] < 0 || taken[n-1] >= s.Len()) {
		panic(fmt.Sprintf("BUG: indices %d to %d of a set of %d samples", taken[0], taken[n-1], s.Len()))
	}
	return &Remainder{s, taken}
}

// Remainder is a set without some of its samples.
type Remainder struct {
	Set
	taken []int // ascending
}

// Len implements Set.
func (r *Remainder) Len() int { return r.Set.Len() - len(r.taken) }

// At returns the index that sample i has in the set that others were taken from.
func (r *Remainder) At(i int) int {
	// taken[j]−j samples are left before taken[j].
	return i + sort.Search(len(r.taken), func(j int) bool { return r.taken[j]-j > i })
}

// ID implements Set.
func (r *Remainder) ID(i int) string { return r.Set.ID(r.At(i)) }

// Label implements Set.
func (r *Remainder) Label(i int) int { return r.Set.Label(r.At(i)) }

// Read implements Set.
func (r *Remainder) Read(i int, dst []float32) error { return r.Set.Read(r.At(i), dst) }

// Close closes the set that others were taken from.
func (r *Remainder) Close() error { return Close(r.Set) }
