package selection

import (
	"cmp"
	"slices"
)

// Ranked is one entry of a TopK: a value with its score and its index in the
// pool.
type Ranked[T any] struct {
	Score float64
	Index int
	Value T
}

// compare returns the total order of a ranking: higher score first, then lower
// index. A NaN ranks below every number.
func (a Ranked[T]) compare(b Ranked[T]) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Index, b.Index))
}

// TopK keeps the k best of a stream in O(k) memory. As the order is total,
// the result does not depend on the order of arrival, nor on how a stream
// was split among several TopK that are merged. Not safe for concurrent use.
type TopK[T any] struct {
	k    int
	heap []Ranked[T] // binary heap with the worst entry at the root
}

// NewTopK keeps k entries; a k below 1 keeps none.
func NewTopK[T any](k int) *TopK[T] { return &TopK[T]{k: k} }

// Takes reports whether Add would keep an entry.
func (t *TopK[T]) Takes(score float64, index int) bool {
	return len(t.heap) < t.k || t.k > 0 && (Ranked[T]{Score: score, Index: index}).compare(t.heap[0]) <= 0
}

// Add offers an entry and reports whether it is kept for now.
func (t *TopK[T]) Add(score float64, index int, value T) bool {
	if !t.Takes(score, index) {
		return false
	}
	e := Ranked[T]{score, index, value}
	if len(t.heap) < t.k {
		t.heap = append(t.heap, e)
		t.up(len(t.heap) - 1)
		return true
	}
	t.heap[0] = e
	t.down(0)
	return true
}

// Merge offers every entry that o holds. An index offered twice, as by two
// overlapping parts of a pool, is kept twice.
func (t *TopK[T]) Merge(o *TopK[T]) {
	for _, e := range o.heap {
		t.Add(e.Score, e.Index, e.Value)
	}
}

// Len returns the number of entries held, at most k.
func (t *TopK[T]) Len() int { return len(t.heap) }

// Sorted returns the entries that are held, best first, in a slice of its own.
func (t *TopK[T]) Sorted() []Ranked[T] {
	out := slices.Clone(t.heap)
	slices.SortFunc(out, Ranked[T].compare)
	return out
}

func (t *TopK[T]) worse(i, j int) bool { return t.heap[i].compare(t.heap[j]) > 0 }

func (t *TopK[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.worse(i, parent) {
			return
		}
		t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
		i = parent
	}
}

func (t *TopK[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.heap) {
			return
		}
		if right := child + 1; right < len(t.heap) && t.worse(right, child) {
			child = right
		}
		if !t.worse(child, i) {
			return
		}
		t.heap[i], t.heap[child] = t.heap[child], t.heap[i]
		i = child
	}
}
