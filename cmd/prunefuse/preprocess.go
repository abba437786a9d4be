package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
)

// preprocessOptions are the flags that say what is done to a sample before the
// model sees it.
type preprocessOptions struct {
	resize     bool
	size, crop string
	filter     string
	color      string
	layout     string
	preset     string
	mean, std  []float32

	resizeTo []int  // size as numbers
	cropTo   [2]int // crop as numbers
}

func (o *preprocessOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.resize, "resize", false, "resize samples to the model's input, whatever their proportions")
	fs.StringVar(&o.size, "size", "", "resize samples: the shorter `side`, as 256, or height and width, as 240x320")
	fs.StringVar(&o.crop, "crop", "", "keep the middle of samples: its `side`, or height and width")
	fs.StringVar(&o.filter, "filter", "", "resize with this `filter`: bilinear (the default) or bicubic, antialiased as PIL's")
	fs.StringVar(&o.color, "color", "", "`colours` the model takes: grey, rgb or bgr; empty tells by the channels of its input")
	fs.StringVar(&o.layout, "layout", "", "`axes` of the model's input: nchw or nhwc; empty tells by its shape")
	fs.StringVar(&o.preset, "preset", "", "prepare images as for the data `set`: cifar10, fashion-mnist or imagenet")
	fs.Float32SliceVar(&o.mean, "mean", nil, "normalise: the `means` of the channels, of pixels from 0 to 1")
	fs.Float32SliceVar(&o.std, "std", nil, "normalise: the standard `deviations` of the channels")
	fs.Lookup("mean").DefValue, fs.Lookup("std").DefValue = "", ""
}

func (o *preprocessOptions) settle() error {
	if o.preset != "" {
		if o.mean != nil || o.std != nil {
			return errors.New("--preset excludes --mean and --std")
		}
		if _, err := data.Preset(o.preset); err != nil {
			return fmt.Errorf("--preset: %w", err)
		}
	}
	if (o.mean == nil) != (o.std == nil) {
		return errors.New("--mean and --std go together")
	}
	for _, choice := range []struct {
		flag, value string
		of          []string
	}{
		{"layout", o.layout, []string{"nchw", "nhwc"}},
		{"color", o.color, []string{"grey", "rgb", "bgr"}},
		{"filter", o.filter, []string{"bilinear", "bicubic"}},
	} {
		if choice.value != "" && !slices.Contains(choice.of, choice.value) {
			return fmt.Errorf("--%s %q: want %s", choice.flag, choice.value, strings.Join(choice.of, " or "))
		}
	}
	return o.settleSize()
}

func (o *preprocessOptions) settleSize() error {
	if o.resize && (o.size != "" || o.crop != "") {
		return errors.New("--resize excludes --size and --crop")
	}
	var err error
	if o.resizeTo, err = data.ParseSize(o.size); err != nil {
		return fmt.Errorf("--size %q: %w", o.size, err)
	}
	if o.cropTo, err = data.ParseCrop(o.crop); err != nil {
		return fmt.Errorf("--crop %q: %w", o.crop, err)
	}
	return nil
}

// explicit reports whether the flags ask for a size or colours, of whatever is
// read; what a model or a preset says is for images alone.
func (o *preprocessOptions) explicit() bool {
	return o.resize || o.size != "" || o.crop != "" || o.color != ""
}

// apply puts what the flags say over what the model says.
func (o *preprocessOptions) apply(in *data.Input) error {
	p := &in.Preprocess
	if o.layout != "" {
		p.Layout = strings.ToUpper(o.layout)
	}
	if o.color != "" {
		p.Color = o.color
	}
	switch {
	case o.preset != "":
		preset, err := data.Preset(o.preset)
		if err != nil {
			return err
		}
		p.Mean, p.Std, in.KnowsPixels = preset.Mean, preset.Std, true
		if p.Resize == nil && p.Crop == [2]int{} && in.Takes(preset.Shape()) {
			p.Resize, p.Crop = preset.Resize, preset.Crop
		}
	case o.mean != nil:
		p.Mean, p.Std, in.KnowsPixels = o.mean, o.std, true
	}
	if err := o.applySize(in); err != nil {
		return err
	}
	if o.filter != "" {
		p.Filter = o.filter
	}
	return nil
}

// applySize puts the size that the flags ask for, if any, in the place of the
// model's.
func (o *preprocessOptions) applySize(in *data.Input) error {
	p := &in.Preprocess
	switch {
	case o.resize:
		image := in.Image()
		if len(image) != 3 || slices.Contains(image, 0) {
			return errors.New("--resize needs a model with a fixed image size")
		}
		p.Size = [2]int{image[1], image[2]}
		p.Resize, p.Crop = []int{image[1], image[2]}, [2]int{}
	case o.size != "" || o.crop != "":
		p.Size, p.Resize, p.Crop = o.cropTo, o.resizeTo, o.cropTo
		if len(p.Resize) == 2 && o.crop == "" {
			copy(p.Size[:], p.Resize)
		}
	}
	return nil
}
