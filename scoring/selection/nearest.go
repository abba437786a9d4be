package selection

import "math"

// nearest keeps the k smallest of a stream of distances, ascending; of equal
// ones those that came first.
type nearest struct {
	k     int
	found []candidate
}

func newNearest(k int) *nearest { return &nearest{k: k, found: make([]candidate, 0, k)} }

func (n *nearest) reset() { n.found = n.found[:0] }

// worst returns the bound that a distance must be below to be kept.
func (n *nearest) worst() float64 {
	if len(n.found) < n.k {
		return math.Inf(1)
	}
	return n.found[n.k-1].value
}

func (n *nearest) add(distance float64, index int) {
	if !(distance < n.worst()) {
		return
	}
	if len(n.found) < n.k {
		n.found = append(n.found, candidate{})
	}
	at := len(n.found) - 1
	for ; at > 0 && n.found[at-1].value > distance; at-- {
		n.found[at] = n.found[at-1]
	}
	n.found[at] = candidate{index, distance}
}
