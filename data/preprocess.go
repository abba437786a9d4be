package data

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// Preprocess says what a model expects of its input. It travels in a model's
// metadata under [PreprocessKey] as JSON.
type Preprocess struct {
	// Mean and Std normalise each channel: (x − mean) / std, on pixels in
	// [0, 1]. Each has one value per channel, or one for all, or none.
	Mean []float32 `json:"mean,omitempty"`
	Std  []float32 `json:"std,omitempty"`

	// Layout is the model's axis order, "NCHW" or "NHWC". Empty means the
	// first.
	Layout string `json:"layout,omitempty"`

	// Size is the input's height and width; zero where the model takes any.
	Size [2]int `json:"size,omitzero"`

	// Resize is what images are resized to: the shorter side, or height and
	// width. Without it they are not resized.
	Resize []int `json:"resize,omitempty"`

	// Crop is the height and width of the middle that is cut out of them then.
	Crop [2]int `json:"crop,omitzero"`

	// Filter is what they are resized by: "bilinear" or "bicubic". Empty means
	// the first.
	Filter string `json:"filter,omitempty"`

	// Color is "grey", "rgb" or "bgr"; empty is grey or RGB by the number of
	// channels.
	Color string `json:"color,omitempty"`

	// Classes are the names of the model's outputs, in order.
	Classes []string `json:"classes,omitempty"`
}

// presets holds the mean and standard deviation of the training images, per
// channel. Those of cifar10 are the population's, not the mean over images of
// each image's deviation (0.2023, 0.1994, 0.2010) that is often copied.
var presets = map[string]Preprocess{
	"cifar10": {
		Mean: []float32{0.4914, 0.4822, 0.4465}, Std: []float32{0.2470, 0.2435, 0.2616},
		Layout: "NCHW", Size: [2]int{32, 32}, Color: "rgb",
	},
	"fashion-mnist": {
		Mean: []float32{0.2860}, Std: []float32{0.3530},
		Layout: "NCHW", Size: [2]int{28, 28}, Color: "grey",
	},
	"imagenet": {
		Mean: []float32{0.485, 0.456, 0.406}, Std: []float32{0.229, 0.224, 0.225},
		Layout: "NCHW", Size: [2]int{224, 224}, Resize: []int{256}, Crop: [2]int{224, 224}, Color: "rgb",
	},
}

// Preset returns the preprocessing known under a name: "cifar10",
// "fashion-mnist" or "imagenet".
func Preset(name string) (Preprocess, error) {
	p, ok := presets[name]
	if !ok {
		return Preprocess{}, fmt.Errorf("no preprocessing is named %q; known are cifar10, fashion-mnist and imagenet", name)
	}
	p.Mean, p.Std, p.Resize = slices.Clone(p.Mean), slices.Clone(p.Std), slices.Clone(p.Resize)
	return p, nil
}

// Shape is that of the images which p makes of others: channels by its means, and
// its size.
func (p Preprocess) Shape() Shape {
	return Shape{len(p.Mean), p.Size[0], p.Size[1]}
}

// ToSize puts what p says of the size and the colours of images into options
// for [Open].
func (p Preprocess) ToSize(o *Options) error {
	o.Size, o.Crop, o.Filter, o.Color = [2]int{}, p.Crop, p.Filter, p.Color
	switch len(p.Resize) {
	case 0:
	case 1, 2:
		copy(o.Size[:], p.Resize)
		if slices.Min(p.Resize) < 1 {
			return fmt.Errorf("preprocess: images cannot be resized to %v", p.Resize)
		}
	default:
		return fmt.Errorf("preprocess: %d sides to resize images to; there is one or two", len(p.Resize))
	}
	if err := checkOptions(*o); err != nil {
		return fmt.Errorf("preprocess: %w", err)
	}
	return nil
}

// Check reports whether p can be applied to samples of the given shape.
func (p Preprocess) Check(shape Shape) error {
	if !slices.Contains([]string{"", "NCHW", "NHWC"}, p.Layout) {
		return fmt.Errorf("preprocess: layout %q is not NCHW or NHWC", p.Layout)
	}
	for _, list := range []struct {
		name   string
		values []float32
	}{{"means", p.Mean}, {"standard deviations", p.Std}} {
		if n := len(list.values); n > 1 && n != shape.Channels() {
			return fmt.Errorf("preprocess: %d %s for samples of %v", n, list.name, shape)
		}
		for _, v := range list.values {
			if v != v || v-v != 0 {
				return fmt.Errorf("preprocess: the %s hold %v", list.name, v)
			}
		}
	}
	for _, v := range p.Std {
		if v <= 0 {
			return fmt.Errorf("preprocess: a standard deviation is %v", v)
		}
	}
	_, h, w, image := shape.Image()
	if p.Size != [2]int{} && image && p.Size != [2]int{h, w} {
		return fmt.Errorf("preprocess: samples of %v for an input of %d×%d", shape, p.Size[0], p.Size[1])
	}
	return nil
}

// Apply normalises the samples in x in place. x holds any number of samples of
// the given shape, one after the other.
func (p Preprocess) Apply(x []float32, shape Shape) error {
	if err := p.Check(shape); err != nil {
		return err
	}
	size, channels := shape.Size(), shape.Channels()
	if size == 0 || len(x)%size != 0 {
		return fmt.Errorf("preprocess: %d values are no whole number of samples of %v", len(x), shape)
	}
	plane := size / channels
	for start := 0; start < len(x); start += plane {
		p.channel(x[start:start+plane], start/plane%channels)
	}
	return nil
}

// Channel is the mean and the deviation that normalise a channel: 0 and 1
// where none are given.
func (p Preprocess) Channel(c int) (mean, std float32) {
	return perChannel(p.Mean, c, 0), perChannel(p.Std, c, 1)
}

// channel normalises values of one channel in place.
func (p Preprocess) channel(values []float32, c int) {
	mean, std := p.Channel(c)
	for i, v := range values {
		values[i] = (v - mean) / std
	}
}

func perChannel(values []float32, c int, none float32) float32 {
	switch len(values) {
	case 0:
		return none
	case 1:
		return values[0]
	}
	return values[c]
}

// channelsLast reports whether the shape of a model's sample, 0 for an extent
// that is open, is that of an image with the channels in its last axis.
func channelsLast(input []int) bool {
	colours := func(n int) bool { return n == 1 || n == 3 }
	return len(input) == 3 && input[0] != 0 && !colours(input[0]) && colours(input[2])
}

// measuredSamples is how many samples normalisation is measured on.
const measuredSamples = 5000

// Measure completes a preprocessing that does not say how pixels are normalised:
// by the mean and the deviation of the channels of 5,000 samples of a set, evenly
// spaced, or of all where there are fewer.
// The axes are NCHW where it does not say them, and the size that of the set's
// images.
func (p *Preprocess) Measure(ctx context.Context, s Set) error { return p.measure(ctx, s, false) }

// MeasureReadable does the same and passes over samples that cannot be read, for a pool
// from which such samples are never taken.
func (p *Preprocess) MeasureReadable(ctx context.Context, s Set) error {
	return p.measure(ctx, s, true)
}

func (p *Preprocess) measure(ctx context.Context, s Set, lossy bool) (err error) {
	if p.Mean, p.Std, err = stats(ctx, s, measuredSamples, lossy); err != nil {
		return err
	}
	p.Layout = cmp.Or(p.Layout, "NCHW")
	if _, h, w, ok := s.Shape().Image(); ok {
		p.Size = [2]int{h, w}
	}
	return nil
}
