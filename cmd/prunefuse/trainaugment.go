package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/share"
	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/training"
)

// The changes of images, by the names they have on the command line.
const (
	augmentFlip    = "flip"
	augmentCrop    = "crop"
	augmentResized = "resized-crop"
	augmentMixup   = "mixup"
	augmentCutmix  = "cutmix"
)

func augmentations() []string {
	return []string{augmentFlip, augmentCrop, augmentResized, augmentMixup, augmentCutmix}
}

// augmentOptions are the flags of a training that say how images are changed
// at random.
type augmentOptions struct {
	changes     []string
	padding     int
	scale       []float64
	aspect      []float64
	mixupAlpha  float64
	cutmixAlpha float64
}

func (o *augmentOptions) addFlags(fs *pflag.FlagSet) {
	o.scale = []float64{0.08, 1}
	fs.StringSliceVar(&o.changes, "augment", nil, "random `changes` of the images: "+strings.Join(augmentations(), ", "))
	fs.IntVar(&o.padding, "crop-padding", 4, "for crop: `pixels` of padding on each side")
	fs.Var(share.ListVar(&o.scale), "crop-scale", "for resized-crop: least and greatest `share` of the area")
	fs.Float64SliceVar(&o.aspect, "crop-aspect", []float64{0.75, 4.0 / 3}, "for resized-crop: least and greatest `width` over height")
	fs.Float64Var(&o.mixupAlpha, "mixup-alpha", 0.2, "for mixup: `parameter` of the beta distribution of shares")
	fs.Float64Var(&o.cutmixAlpha, "cutmix-alpha", 1, "for cutmix: `parameter` of the beta distribution of areas")
	fs.Lookup("crop-scale").DefValue, fs.Lookup("crop-aspect").DefValue = "0.08,1", "3/4,4/3"
}

func (o *augmentOptions) settle(fs *pflag.FlagSet) error {
	for _, a := range o.changes {
		if !slices.Contains(augmentations(), a) {
			return fmt.Errorf("--augment %q: %s", a, suggest.Want(a, augmentations()))
		}
	}
	rising := func(v []float64, most float64) bool {
		return len(v) == 2 && v[0] > 0 && v[0] <= v[1] && v[1] <= most
	}
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
	switch {
	case o.has(augmentCrop) && o.has(augmentResized):
		return errors.New("--augment: crop and resized-crop exclude each other")
	case o.padding < 1:
		return fmt.Errorf("--crop-padding %d: want at least 1", o.padding)
	case !rising(o.scale, 1):
		return fmt.Errorf("--crop-scale %v: want two rising shares, above 0 and at most 1", o.scale)
	case !rising(o.aspect, math.MaxFloat64):
		return fmt.Errorf("--crop-aspect %v: want two rising numbers above 0", o.aspect)
	case !positive(o.mixupAlpha) || !positive(o.cutmixAlpha):
		return errors.New("--mixup-alpha and --cutmix-alpha are above 0")
	}
	for flag, of := range map[string]string{
		"crop-padding": augmentCrop, "crop-scale": augmentResized, "crop-aspect": augmentResized,
		"mixup-alpha": augmentMixup, "cutmix-alpha": augmentCutmix,
	} {
		if fs.Changed(flag) && !o.has(of) {
			return fmt.Errorf("--%s is for --augment %s", flag, of)
		}
	}
	return nil
}

func (o *augmentOptions) has(change string) bool { return slices.Contains(o.changes, change) }

// augment is what the flags say in the library's terms.
func (o *augmentOptions) augment() training.Augment {
	a := training.Augment{Flip: o.has(augmentFlip)}
	if o.has(augmentCrop) {
		a.Pad = o.padding
	}
	if o.has(augmentResized) {
		a.Scale, a.Ratio = [2]float64(o.scale), [2]float64(o.aspect)
	}
	if o.has(augmentMixup) {
		a.Mixup = o.mixupAlpha
	}
	if o.has(augmentCutmix) {
		a.Cutmix = o.cutmixAlpha
	}
	return a
}
