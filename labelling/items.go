package labelling

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Items makes tasks of the lines of a selection, the least confident first and
// equally confident ones by rank. Classes go by their names, by their numbers
// where there are no names; a class beyond the names is an error.
func Items(lines iter.Seq2[selection.Line, error], classes data.Classes) ([]Item, error) {
	var items []Item
	for l, err := range lines {
		if err != nil {
			return nil, err
		}
		name := "" // where no model was asked
		if l.Class != selection.NoClass {
			if name, err = classes.Name(l.Class); err != nil {
				return nil, fmt.Errorf("sample %s: %w", l.ID, err)
			}
		}
		items = append(items, Item{ID: l.ID, Rank: l.Rank, Index: l.Index, Class: name, Confidence: l.Confidence})
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Confidence, b.Confidence), cmp.Compare(a.Rank, b.Rank))
	})
	return items, nil
}
