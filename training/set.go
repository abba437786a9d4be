package training

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/data"
)

// Set is a collection of labelled samples in a fixed order. Read and Label are
// called from several goroutines at once.
type Set interface {
	Len() int
	// Shape is that of every sample, without the batch: [C H W] or [D].
	Shape() []int
	// Label is the class of sample i, negative where it is not known.
	Label(i int) int
	// Read writes sample i to dst, which has room for exactly one.
	Read(i int, dst []float32) error
}

// Augment is a random change of a training image: a crop of the image's own
// size out of the image padded with zeros, then a horizontal flip. The zero
// value changes nothing. It needs samples of [C H W].
type Augment struct {
	Pad  int  // pixels of padding on each side
	Flip bool // mirror left and right with probability 1/2
}

// Normalize maps each channel to (x − Mean) / Std, after augmentation. Each
// list has one value a channel, or one for all, or none.
type Normalize struct{ Mean, Std []float32 }

// reader gives the samples of a set as the model takes them.
type reader struct {
	set     Set
	classes int
	augment data.Augment
	norm    data.Preprocess
	shape   data.Shape
	size    int
}

// newReader checks that the set fits a model's input and classes.
func newReader(set Set, sample []int, classes int, a Augment, n Normalize) (*reader, error) {
	shape := set.Shape()
	if set.Len() == 0 {
		return nil, errors.New("the set has no samples")
	}
	r := &reader{set: set, classes: classes, augment: data.Augment(a), norm: data.Preprocess{Mean: n.Mean, Std: n.Std}, size: size(shape)}
	if !slices.Equal(shape, sample) && (len(sample) != 1 || sample[0] != r.size) {
		return nil, fmt.Errorf("the samples are %s but the model takes %s", shapeText(shape), shapeText(sample))
	}
	r.shape = data.Shape{C: r.size, H: 1, W: 1}
	if len(shape) == 3 {
		r.shape = data.Shape{C: shape[0], H: shape[1], W: shape[2]}
	} else if a != (Augment{}) {
		return nil, fmt.Errorf("augment: the samples are %s, which is no image of channels, height and width", shapeText(shape))
	}
	if a.Pad < 0 {
		return nil, fmt.Errorf("augment: a padding of %d pixels", a.Pad)
	}
	if err := r.norm.Check(r.shape); err != nil {
		return nil, err
	}
	for i := range set.Len() {
		switch l := set.Label(i); {
		case l < 0:
			return nil, fmt.Errorf("sample %d has no label", i)
		case l >= classes:
			return nil, fmt.Errorf("sample %d has label %d, but the model has classes 0 to %d", i, l, classes-1)
		}
	}
	return r, nil
}

// augmented writes sample i as training sees it to dst. Scratch holds a
// sample.
func (r *reader) augmented(i int, dst, scratch []float32, rng *rand.Rand) error {
	if r.augment == (data.Augment{}) {
		return r.plain(i, dst)
	}
	if err := r.set.Read(i, scratch); err != nil {
		return fmt.Errorf("read sample %d: %w", i, err)
	}
	r.augment.Apply(rng, r.shape, scratch, dst)
	return r.normalize(dst)
}

// plain writes sample i without augmentation to dst.
func (r *reader) plain(i int, dst []float32) error {
	if err := r.set.Read(i, dst); err != nil {
		return fmt.Errorf("read sample %d: %w", i, err)
	}
	return r.normalize(dst)
}

func (r *reader) normalize(x []float32) error {
	if len(r.norm.Mean) == 0 && len(r.norm.Std) == 0 {
		return nil
	}
	return r.norm.Apply(x, r.shape)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func shapeText(shape []int) string {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	return strings.Join(dims, "×")
}
