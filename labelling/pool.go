package labelling

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/data"
)

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

// MeasurePool sets the sizes of the images of items, which are of the data of a name.
func MeasurePool(items []Item, name string) error {
	p, err := OpenPool(name)
	if err != nil {
		return err
	}
	defer p.Close()
	return Measure(items, p.Picture)
}

// Measure sets the sizes of the images of items to those of the file that load returns
// for each.
func Measure(items []Item, load func(Item) ([]byte, error)) error {
	for i := range items {
		content, err := load(items[i])
		if err == nil && content == nil {
			err = errors.New("the sample is no image")
		}
		if err == nil {
			items[i].Height, items[i].Width, err = data.PictureSize(content)
		}
		if err != nil {
			return fmt.Errorf("size of the image of %s: %w", items[i].ID, err)
		}
	}
	return nil
}
