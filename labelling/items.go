package labelling

import (
	"cmp"
	"iter"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Items makes tasks of the lines of a selection, the least confident first and
// equally confident ones by rank.
func Items(lines iter.Seq2[selection.Line, error], classes data.Classes) ([]Item, error) {
	var items []Item
	for l, err := range lines {
		if err != nil {
			return nil, err
		}
		it, err := ItemOf(l, classes)
		if err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Confidence, b.Confidence), cmp.Compare(a.Rank, b.Rank))
	})
	return items, nil
}
