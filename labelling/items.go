package labelling

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Items makes tasks of the lines of a selection, the least confident first and
// equally confident ones by rank. Classes go by their names, by their numbers
// where there are no names; a class beyond the names is an error.
func Items(lines iter.Seq2[selection.Line, error], names []string) ([]Item, error) {
	var items []Item
	for l, err := range lines {
		if err != nil {
			return nil, err
		}
		name, err := nameOf(names, l.Class)
		if err != nil {
			return nil, err
		}
		items = append(items, Item{ID: l.ID, Rank: l.Rank, Class: name, Confidence: l.Confidence})
	}
	slices.SortStableFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Confidence, b.Confidence), cmp.Compare(a.Rank, b.Rank))
	})
	return items, nil
}

// nameOf is the name of a class, and "" where no model was asked.
func nameOf(names []string, class int) (string, error) {
	switch {
	case class == selection.NoClass:
		return "", nil
	case names == nil:
		return strconv.Itoa(class), nil
	case class < 0 || class >= len(names):
		return "", fmt.Errorf("class %d is predicted, but there are names for %d", class, len(names))
	}
	return names[class], nil
}
