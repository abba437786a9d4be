package training

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/pixel"
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

// Targets is a Set that says what is wanted of every output itself, instead of
// one class: several labels a sample for BinaryCrossEntropy, a distribution
// over the classes for CrossEntropy. Label is not asked.
type Targets interface {
	Set
	// Target writes what is wanted for sample i to dst, a value from 0 to 1
	// for every output.
	Target(i int, dst []float32) error
}

// Augment is a random change of training images, anew for every time a sample
// is taken. The zero value changes nothing. All but Mixup needs samples of
// [C H W].
//
// First comes a crop: of the image's own size out of the image padded with
// zeros, or a part of the image resized to its size; then the flip. Then the
// batch may be blended, each sample with the one before it, targets alike: by
// one share for the batch, from a beta distribution with both parameters the
// number given. With both, one of the two is drawn for every batch. So
// torchvision's transforms and reference scripts do it.
type Augment struct {
	Pad  int  // pixels of padding on each side
	Flip bool // mirror left and right with probability 1/2

	// Scale is the least and the greatest share of the area that the resized
	// part has; zero is no such crop. Ratio is that of its width to its
	// height; zero is 3/4 and 4/3.
	Scale, Ratio [2]float64

	Mixup  float64 // both samples weighed: Zhang et al., arXiv 1710.09412
	Cutmix float64 // a rectangle of the other sample: Yun et al., arXiv 1905.04899
}

// one is what happens to a sample by itself.
func (a Augment) one() pixel.Augment {
	return pixel.Augment{Pad: a.Pad, Flip: a.Flip, Resize: pixel.ResizedCrop{Scale: a.Scale, Ratio: a.Ratio}}
}

// mix is what happens to a batch.
func (a Augment) mix() pixel.Mix { return pixel.Mix{Mixup: a.Mixup, Cutmix: a.Cutmix} }

// Normalize maps each channel to (x − Mean) / Std, after augmentation. Each
// list has one value a channel, or one for all, or none.
type Normalize struct{ Mean, Std []float32 }

// reader gives the samples of a set as the model takes them.
type reader struct {
	set     Set
	targets Targets // the same, where it is one
	augment pixel.Augment
	mix     pixel.Mix
	norm    data.Preprocess
	sample  []int // its shape as the model takes it
	shape   data.Shape
	image   pixel.Shape // the same, of an image
	size    int
}

// newReader checks that the set fits a model's input and classes.
func newReader(set Set, sample []int, classes int, a Augment, n Normalize) (*reader, error) {
	shape := set.Shape()
	if set.Len() == 0 {
		return nil, errors.New("the set has no samples")
	}
	r := &reader{set: set, augment: a.one(), mix: a.mix(), norm: data.Preprocess{Mean: n.Mean, Std: n.Std}, sample: sample, size: size(shape)}
	if !slices.Equal(shape, sample) && (len(sample) != 1 || sample[0] != r.size) {
		return nil, fmt.Errorf("the samples are %s but the model takes %s", shapeText(shape), shapeText(sample))
	}
	r.shape = shape
	if c, h, w, ok := r.shape.Image(); ok {
		r.image = pixel.Shape{C: c, H: h, W: w}
	} else if a.one() != (pixel.Augment{}) || a.Cutmix != 0 {
		return nil, fmt.Errorf("augment: the samples are %s, which is no image of channels, height and width", shapeText(shape))
	}
	if err := errors.Join(r.augment.Check(), r.mix.Check()); err != nil {
		return nil, err
	}
	if err := r.norm.Check(r.shape); err != nil {
		return nil, err
	}
	if r.targets, _ = set.(Targets); r.targets != nil {
		return r, nil
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

// name is what sample i goes by in errors.
func (r *reader) name(i int) string {
	if named, ok := r.set.(interface{ ID(i int) string }); ok {
		return "sample " + named.ID(i)
	}
	return fmt.Sprintf("sample %d", i)
}

// target writes what is wanted for sample i to a row of targets.
func (r *reader) target(i int, row []float32) error {
	if r.targets == nil {
		setLabel(row, r.set.Label(i))
		return nil
	}
	if err := r.targets.Target(i, row); err != nil {
		return fmt.Errorf("read the targets of %s: %w", r.name(i), err)
	}
	for c, v := range row {
		if !(v >= 0 && v <= 1) {
			return fmt.Errorf("%s has the target %v for output %d: want from 0 to 1", r.name(i), v, c)
		}
	}
	return nil
}

// augmented writes sample i as training sees it to dst. Scratch holds a
// sample.
func (r *reader) augmented(i int, dst, scratch []float32, rng *rand.Rand) error {
	if r.augment == (pixel.Augment{}) {
		return r.plain(i, dst)
	}
	if err := r.set.Read(i, scratch); err != nil {
		return fmt.Errorf("read sample %d: %w", i, err)
	}
	r.augment.Apply(rng, r.image, scratch, dst)
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
