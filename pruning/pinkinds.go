package pruning

import (
	"cmp"
	"fmt"
	"slices"
)

// PinKind is a kind of reason for which axes cannot be pruned.
type PinKind struct {
	Reason string
	Axes   []string // "weight:axis"
}

// PinKinds gathers the axes that cannot be pruned by the kind of their reason,
// the most frequent kind first.
func (in *Inspection) PinKinds() []PinKind {
	var kinds []PinKind
	for _, p := range in.Pinned {
		i := slices.IndexFunc(kinds, func(k PinKind) bool { return k.Reason == p.Kind })
		if i < 0 {
			i, kinds = len(kinds), append(kinds, PinKind{Reason: p.Kind})
		}
		kinds[i].Axes = append(kinds[i].Axes, fmt.Sprintf("%s:%d", p.Weight, p.Axis))
	}
	slices.SortStableFunc(kinds, func(x, y PinKind) int { return cmp.Compare(len(y.Axes), len(x.Axes)) })
	return kinds
}
