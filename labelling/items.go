package labelling

import (
	"cmp"
	"errors"
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

// Pool are the data that items are of, for their images.
type Pool struct{ set data.Set }

// OpenPool opens data of any form. Its images may be of different sizes: none is decoded.
func OpenPool(name string) (*Pool, error) {
	set, err := data.Open(name, data.Options{Labels: "none", Size: [2]int{1, 1}, Implied: true})
	return &Pool{set}, err
}

// Close closes the data.
func (p *Pool) Close() error { return data.Close(p.set) }

// Picture returns the image file of an item, nil where the samples are no images.
func (p *Pool) Picture(it Item) ([]byte, error) {
	if it.Index < 0 || it.Index >= p.set.Len() || p.set.ID(it.Index) != it.ID {
		return nil, errors.New("the data do not have it in the place that the selection says: are they the data that were scored?")
	}
	if _, _, _, ok := p.set.Shape().Image(); !ok {
		return nil, nil
	}
	return data.Picture(p.set, it.Index)
}

// Measure sets the sizes of the images of items.
func (p *Pool) Measure(items []Item) error { return Measure(items, p.Picture) }
