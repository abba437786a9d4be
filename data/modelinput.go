package data

import (
	"errors"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// Input is what a model takes: samples of a shape, prepared in a way, of classes
// that its outputs stand for.
type Input struct {
	// Shape is that of a sample in the model's own order of axes, 0 for an
	// extent that is open; nil where it is not known.
	Shape Shape

	// Preprocess is what the model's metadata say, and what a caller puts in
	// its place. The classes that count are those of Classes.
	Preprocess Preprocess

	// KnowsPixels reports whether the metadata, or a caller, say how pixels are
	// normalised.
	KnowsPixels bool

	Classes Classes
}

// InputOf reads from a model what it takes.
func InputOf(m *onnxio.Model) (Input, error) {
	p, err := ReadPreprocess(m)
	if err != nil {
		return Input{}, err
	}
	in := Input{Shape: InputShape(m), Preprocess: p, KnowsPixels: p.KnowsPixels()}
	in.Classes = Classes{Names: p.Classes, Count: head.Classes(m, "")}
	if p.Layout == "" && channelsLast(in.Shape) {
		in.Preprocess.Layout = "NHWC"
	}
	return in, nil
}

// Image is the shape of a sample as channels, height and width, where the input
// has three axes; otherwise it is as it is.
func (in Input) Image() Shape {
	if s := in.Shape; in.Preprocess.Layout == "NHWC" && len(s) == 3 {
		return Shape{s[2], s[0], s[1]}
	}
	return in.Shape
}

// Takes reports whether samples can be fed to the input: extent for extent, or as
// many values for a flat one.
func (in Input) Takes(s Shape) bool {
	want := in.Image()
	if len(want) == 1 {
		return want[0] == 0 || want[0] == s.Size()
	}
	return want.takes(s)
}

// Open reads a set for the model: of several specs their samples one set after
// the other, brought to the size and the colours that the model takes where they
// are images, with labels that are the numbers of the model's outputs. It does
// not normalise them; [Prepare] does.
//
// Size, Crop, Filter, Expect and, where the model's input has as many channels,
// Color of the options are the model's; Implied says whether they are for images
// alone.
func (in Input) Open(o Options, specs ...string) (Set, error) {
	read := o
	read.Labels, read.Labelled, read.Only, read.Exclude = "", false, "", ""
	if err := in.options(&read, o.Labelled); err != nil {
		return nil, err
	}
	if o.Labels != "" {
		read.Labels, read.keepNames = noLabels, true
	}
	sets := make([]Set, 0, len(specs))
	for _, spec := range specs {
		set, err := Open(spec, read)
		if err == nil {
			sets = append(sets, set)
			err = in.fits(spec, set)
		}
		if err != nil {
			return nil, errors.Join(err, closeAll(sets))
		}
	}
	set, err := in.finish(apart(sets, specs), o)
	if err != nil {
		err = fmt.Errorf("data %s: %w", describe(specs), err)
		return nil, errors.Join(err, closeAll(sets))
	}
	return set, nil
}

// options puts what the model says of samples into those for reading them. With
// survey all images are looked at before one is read.
func (in Input) options(o *Options, survey bool) error {
	if err := in.Preprocess.ToSize(o); err != nil {
		return err
	}
	image := in.Image()
	o.Expect, o.survey = image, survey
	if len(image) != 3 {
		return nil
	}
	if o.Color == "" {
		o.Color = map[int]string{1: "grey", 3: "rgb"}[image[0]]
	}
	return nil
}

func (in Input) fits(spec string, set Set) error {
	s := set.Shape()
	if in.Takes(s) {
		return nil
	}
	image := in.Image()
	err := fmt.Errorf("data %s: the samples are %v but the model takes %v", spec, s, image)
	if len(image) == 3 {
		err = fmt.Errorf("%w; --resize, or --size and --crop, convert images, and --color their colours", err)
	}
	return err
}

// finish joins sets and gives them the labels and the samples of the options.
func (in Input) finish(sets []Set, o Options) (Set, error) {
	set, err := Join(sets...)
	if err != nil {
		return nil, err
	}
	if o.Labels != "" {
		if set, err = in.relabel(set, o); err != nil {
			return nil, err
		}
	}
	if set, err = Select(set, o.Only, o.Exclude); err != nil {
		return nil, err
	}
	if set, err = Matched(set, in.Classes); err != nil {
		return nil, err
	}
	if o.Labelled {
		if err := checkLabelled(set); err != nil {
			return nil, err
		}
	}
	return set, in.checkRange(set)
}

// relabel gives a set the labels of a file. Numbers in it are those of the
// model's outputs, and where these have no names of the set's classes.
func (in Input) relabel(set Set, o Options) (Set, error) {
	labels, names, err := labelsFor(set, o)
	if err != nil {
		return nil, err
	}
	if names == nil && len(in.Classes.Names) == 0 && o.Labels != noLabels {
		names = set.Classes()
	}
	return WithLabels(set, labels, names)
}

func closeAll(sets []Set) error {
	var errs []error
	for _, s := range sets {
		errs = append(errs, Close(s))
	}
	return errors.Join(errs...)
}

func checkLabelled(s Set) error {
	for i := range s.Len() {
		if s.Label(i) < 0 {
			return fmt.Errorf("sample %s has no label", s.ID(i))
		}
	}
	return nil
}

// OpenFor reads a set as a model takes it: brought to its size and colours,
// normalised as its metadata say, with labels that are the numbers of its
// outputs.
func OpenFor(m *onnxio.Model, o Options, specs ...string) (*Prepared, error) {
	in, err := InputOf(m)
	if err != nil {
		return nil, err
	}
	o.Implied = true
	set, err := in.Open(o, specs...)
	if err != nil {
		return nil, err
	}
	p, err := Prepare(set, in.Preprocess)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data %s: %w", describe(specs), err), Close(set))
	}
	return p, nil
}

// InputShape returns the shape of the model's first input without the batch, 0 for an
// extent that is free; nil where it is not known.
func InputShape(m *onnxio.Model) Shape {
	ins := m.Graph.Inputs()
	if len(ins) == 0 || len(ins[0].Type.Shape) < 2 {
		return nil
	}
	var out Shape
	for _, d := range ins[0].Type.Shape[1:] {
		out = append(out, int(d.Or(0)))
	}
	return out
}
