package models

import (
	"errors"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Options say what a network is built for. The zero value is the
// architecture's own input and classes (see Info), seed 0, full width.
type Options struct {
	// Classes is the number of outputs; 0 means Info.Classes.
	Classes int
	// Input is channels, height and width; all zero means Info.Input.
	Input [3]int
	// Seed determines every random weight.
	Seed uint64
	// Width multiplies the channels of every layer but input and output; 0
	// means 1. Channels are rounded down and at least 1, so a network without
	// bottlenecks has at Width 1−p the sizes that pruning a ratio p of its
	// channels gives; MobileNetV2 rounds to multiples of 8 as its authors do.
	Width float64
}

// Limits on Options that keep every size within 64-bit arithmetic.
const (
	maxSide    = 1 << 16
	maxClasses = 1 << 24
	maxWidth   = 64
)

// Build makes the network of that name with fresh weights. The same name and
// options always give the same model.
//
// Every error is about the arguments: a name nothing matches (the nearest
// ones are listed), a depth the family does not have, an input too small for
// the network, or weights that would not fit into one ONNX file.
func Build(arch string, o Options) (*onnxio.Model, error) {
	a, err := find(arch)
	if err != nil {
		return nil, err
	}
	if o, err = a.withDefaults(o); err != nil {
		return nil, fmt.Errorf("build %s: %w", arch, err)
	}
	m := onnxio.New(arch)
	b := &builder{patch: m.Graph.Edit(), o: o}
	a.build(b, b.input())
	if err := b.finish(); err != nil {
		return nil, fmt.Errorf("build %s: %w", arch, err)
	}
	return m, nil
}

// withDefaults fills in the architecture's defaults and checks the result.
func (a Info) withDefaults(o Options) (Options, error) {
	if o.Classes == 0 {
		o.Classes = a.Classes
	}
	if o.Input == [3]int{} {
		o.Input = a.Input
	}
	if o.Width == 0 {
		o.Width = 1
	}
	if o.Classes < 1 || o.Classes > maxClasses {
		return o, fmt.Errorf("%d classes; give a number from 1 to %d", o.Classes, maxClasses)
	}
	if math.IsNaN(o.Width) || o.Width <= 0 || o.Width > maxWidth {
		return o, fmt.Errorf("width %v; give a factor above 0 and at most %d", o.Width, maxWidth)
	}
	for _, d := range o.Input {
		if d < 1 || d > maxSide {
			return o, fmt.Errorf("input %s; give channels, height and width from 1 to %d", sizes(o.Input), maxSide)
		}
	}
	if min(o.Input[1], o.Input[2]) < a.MinSide {
		return o, fmt.Errorf("input %s is too small; give at least %d×%d pixels", sizes(o.Input), a.MinSide, a.MinSide)
	}
	return o, nil
}

func sizes(in [3]int) string { return fmt.Sprintf("%d×%d×%d", in[0], in[1], in[2]) }

var errTooLarge = errors.New("the weights exceed 2 GiB, the most one ONNX file holds; lower the width, the input size or the classes")
