package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
)

// dataFormats is the part of a command's help that lists what data it reads.
const dataFormats = `Data is named by
  demo, demo:test             7,000 images of Fashion-MNIST, built in
  fashion-mnist[:test]        all of it, from Debian's dataset-fashion-mnist
  a folder of images          one folder a class, or images without labels
  x.csv, x.tsv, x.jsonl       a list: path, and label and id where there are; x.txt: paths
  -                           such a list from standard input
  x.tar, x-{000..012}.tar     WebDataset: key.jpg with key.cls or key.json
  x.parquet                   a column of images, as Hugging Face has it
  x.npy, x.npz                N×C×H×W, N×H×W×C, N×H×W or N×F; labels.npy beside it, or in it
  a folder or file            idx (MNIST) or CIFAR binaries, as downloaded
Several tar or Parquet files are named by a pattern or by their folder. What holds
more than one part takes :train, :val or :test at the end.`

// dataOptions are the flags of a command that reads samples.
type dataOptions struct {
	labels string
	array  string // the layout of four-dimensional arrays

	pathColumn, labelColumn, idColumn string

	pre preprocessOptions

	only, exclude string
}

func (o *dataOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.labels, "labels", "", "`file` (.npy or idx) with a label a sample, instead of the data's own")
	fs.StringVar(&o.array, "array-layout", "", "`axes` of a four-dimensional .npy: nchw or nhwc; empty tells by the channels")
	fs.StringVar(&o.pathColumn, "path-column", "", "`name` of the column of a list or Parquet file that holds the images or their paths")
	fs.StringVar(&o.labelColumn, "label-column", "", "`name` of the column of the labels")
	fs.StringVar(&o.idColumn, "id-column", "", "`name` of the column of the IDs, which name samples instead of their paths")
	o.pre.addFlags(fs)
}

// addSubsetFlags adds the flags that leave samples out.
func (o *dataOptions) addSubsetFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.only, "only", "", "take only the samples that this `file` names: one a line, or a .jsonl selection")
	fs.StringVar(&o.exclude, "exclude", "", "leave out the samples that this `file` names")
}

func (o *dataOptions) settle() error {
	if !slices.Contains([]string{"", "nchw", "nhwc"}, o.array) {
		return fmt.Errorf("--array-layout %q: want nchw or nhwc", o.array)
	}
	return o.pre.settle()
}

// open reads a set whose samples fit the model's input. Images of another size
// are left to fail when they are read.
func (o *dataOptions) open(spec string, m *onnxio.Model) (data.Set, error) {
	p, _, err := o.preprocess(m)
	if err != nil {
		return nil, err
	}
	var expect data.Shape
	if input := imageInput(m, p.Layout); len(input) == 3 && !slices.Contains(input, 0) {
		expect = data.Shape{C: input[0], H: input[1], W: input[2]}
	}
	return o.openExpecting(spec, m, expect)
}

func (o *dataOptions) openExpecting(spec string, m *onnxio.Model, expect data.Shape) (data.Set, error) {
	p, _, err := o.preprocess(m)
	if err != nil {
		return nil, err
	}
	input := imageInput(m, p.Layout)
	opts := data.Options{
		Labels: o.labels, Layout: o.array, Implied: !o.pre.explicit(), Expect: expect,
		PathColumn: o.pathColumn, LabelColumn: o.labelColumn, IDColumn: o.idColumn, Stdin: os.Stdin,
	}
	if err := p.ToSize(&opts); err != nil {
		return nil, err
	}
	if opts.Color == "" && len(input) == 3 {
		opts.Color = map[int]string{1: "grey", 3: "rgb"}[input[0]]
	}
	set, err := data.Open(spec, opts)
	if err != nil {
		return nil, err
	}
	if s := set.Shape(); !takes(input, s) {
		err := fmt.Errorf("data %s: the samples are %v but the model takes %s", spec, s, shapeText(input))
		if len(input) == 3 {
			err = fmt.Errorf("%w; --resize, or --size and --crop, convert images, and --color their colours", err)
		}
		return nil, errors.Join(err, data.Close(set))
	}
	part, err := subset(set, o.only, o.exclude)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data %s: %w", spec, err), data.Close(set))
	}
	return part, nil
}

// openLabelled reads a set whose samples fit the model's input and whose
// labels, of which none may be missing, fit its classes.
func (o *dataOptions) openLabelled(spec string, m *onnxio.Model) (data.Set, error) {
	set, err := o.openExpecting(spec, m, data.Shape{})
	if err != nil {
		return nil, err
	}
	if err := checkLabels(set, labelCount(m)); err != nil {
		return nil, errors.Join(fmt.Errorf("data %s: %w", spec, err), data.Close(set))
	}
	return set, nil
}

// checkLabels refuses samples without a label, and labels beyond the model's
// classes where their number is known.
func checkLabels(set data.Set, classes int) error {
	for i := range set.Len() {
		if set.Label(i) < 0 {
			return fmt.Errorf("sample %s has no label", set.ID(i))
		}
	}
	if classes == 0 {
		return nil
	}
	return data.CheckLabels(set, classes)
}

// sameClasses refuses a set whose classes go by other names, or stand in
// another order, than the ones its labels are compared with.
func sameClasses(set data.Set, names []string) error {
	if own := set.Classes(); own != nil && names != nil && !slices.Equal(own, names) {
		return fmt.Errorf("its classes are %q, not %q", own, names)
	}
	return nil
}

// classCount is the extent of the axis of the model's first output that has a
// value a class, the last one longer than 1 or else the second; 0 where it is not
// known.
func classCount(m *onnxio.Model) int {
	outs := m.Graph.Outputs()
	if len(outs) == 0 || len(outs[0].Type.Shape) == 0 {
		return 0
	}
	s := outs[0].Type.Shape
	last := len(s) - 1
	for last > 1 && s[last].Is(1) {
		last--
	}
	return int(s[last].Or(0))
}

// labelCount is how many classes labels tell apart: of a single output its yes
// and its no.
func labelCount(m *onnxio.Model) int {
	if n := classCount(m); n != 1 {
		return n
	}
	return 2
}

// sampleShape is the shape of the model's first input without the batch, 0
// for an extent that is free; nil where it is not known.
func sampleShape(m *onnxio.Model) []int {
	ins := m.Graph.Inputs()
	if len(ins) == 0 || len(ins[0].Type.Shape) < 2 {
		return nil
	}
	var out []int
	for _, d := range ins[0].Type.Shape[1:] {
		out = append(out, int(d.Or(0)))
	}
	return out
}

// takes reports whether samples can be fed to an input of a shape: extent
// for extent, or as many values for a flat one.
func takes(input []int, s data.Shape) bool {
	switch len(input) {
	case 1:
		return input[0] == 0 || input[0] == s.Size()
	case 3:
		for i, n := range []int{s.C, s.H, s.W} {
			if input[i] != 0 && input[i] != n {
				return false
			}
		}
		return true
	}
	return input == nil
}

func shapeText(input []int) string {
	var out string
	for i, n := range input {
		if i > 0 {
			out += "×"
		}
		if n == 0 {
			out += "?"
		} else {
			out += fmt.Sprint(n)
		}
	}
	return out
}

// preprocess is what the flags say of preprocessing, and else what the model
// carries; ok is false where neither says how its input is normalised.
func (o *dataOptions) preprocess(m *onnxio.Model) (p data.Preprocess, ok bool, err error) {
	if text, carried := m.Meta(prunefuse.PreprocessKey); carried {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return p, false, fmt.Errorf("metadata %s: %w", prunefuse.PreprocessKey, err)
		}
		ok = true
	}
	normalised, err := o.pre.apply(&p, m)
	return p, ok || normalised, err
}

// prepare puts normalisation before the samples, where there is any.
func (o *dataOptions) prepare(g *globals, set data.Set, m *onnxio.Model) (*data.Prepared, error) {
	p, ok, err := o.preprocess(m)
	if err != nil {
		return nil, err
	}
	if !ok {
		g.note("note: the model does not say how its input is normalised; pixels from 0 to 1 are fed as they are (--preset, --mean, --std)")
	}
	return data.Prepare(set, p)
}
