package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
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
  x.npy, x.npz                images, series or any arrays [N, …]; labels.npy beside it, or in it
  x.zip                       class folders, or as a tar archive has them
  a folder or file            idx (MNIST) or CIFAR binaries, as downloaded
Several tar or Parquet files are named by a pattern or by their folder. What holds
more than one part takes :train, :val or :test at the end.`

// dataOptions are the flags of a command that reads samples.
type dataOptions struct {
	labels  string
	classes string // names of the model's outputs
	array   string // the layout of four-dimensional arrays

	pathColumn, labelColumn, idColumn string

	pre preprocessOptions

	only, exclude string

	head    string // the output with the class scores, "" where it is to be found
	newHead bool   // the model gets a last layer for the classes of the samples
}

func (o *dataOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.labels, "labels", "", "`file` (.npy or idx) with a label a sample, instead of the data's own")
	fs.StringVar(&o.classes, "classes", "", "what the model's outputs stand for, in order: `names`, or a file with one a line")
	fs.StringVar(&o.array, "array-layout", "", "`axes` of a four-dimensional .npy: nchw or nhwc; empty tells by the channels")
	fs.StringVar(&o.pathColumn, "path-column", "", "`name` of the column of a list or Parquet file that holds the images or their paths")
	fs.StringVar(&o.labelColumn, "label-column", "", "`name` of the column of the labels")
	fs.StringVar(&o.idColumn, "id-column", "", "`name` of the column of the IDs, which name samples instead of their paths")
	o.pre.addFlags(fs)
}

// addSubsetFlags adds the flags that leave samples out.
func (o *dataOptions) addSubsetFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.only, "only", "", "take only the samples that this `file` names: a .txt with one a line, a selection, a score file, or a list of labels (.csv, .tsv, .jsonl, .json, .parquet)")
	fs.StringVar(&o.exclude, "exclude", "", "leave out the samples that this `file` names")
}

func (o *dataOptions) settle() error {
	if !slices.Contains([]string{"", "nchw", "nhwc"}, o.array) {
		return fmt.Errorf("--array-layout %q: want nchw or nhwc", o.array)
	}
	return o.pre.settle()
}

// input is what the model takes, with what the flags put in its place.
func (o *dataOptions) input(m *onnxio.Model) (data.Input, error) {
	in, err := data.InputOf(m)
	if err != nil {
		return in, err
	}
	if o.head != "" {
		in.Classes.Count = head.Classes(m, o.head)
	}
	if o.newHead {
		in.Classes, in.Preprocess.Classes = data.Classes{}, nil
	}
	if o.classes != "" {
		if in.Classes.Names, err = data.ParseClasses(o.classes); err != nil {
			return in, err
		}
		in.Preprocess.Classes = in.Classes.Names
	}
	return in, o.pre.apply(&in)
}

// openLabelled reads sets whose samples fit the model's input and whose labels are
// the numbers of its outputs. No sample may lack its label or have another size.
func (o *dataOptions) openLabelled(g *globals, specs []string, m *onnxio.Model) (data.Set, error) {
	in, err := o.input(m)
	if err != nil {
		return nil, err
	}
	return o.read(g, specs, in, true)
}

func (o *dataOptions) read(g *globals, specs []string, in data.Input, labelled bool) (data.Set, error) {
	var notes []data.Note // of a set that is not opened there is only the error to tell
	set, err := in.Open(data.Options{
		Labels: o.labels, Labelled: labelled, Layout: o.array, Implied: !o.pre.explicit(),
		PathColumn: o.pathColumn, LabelColumn: o.labelColumn, IDColumn: o.idColumn, Stdin: g.stdin,
		Only: o.only, Exclude: o.exclude, Note: func(n data.Note) { notes = append(notes, n) },
	}, specs...)
	if err != nil {
		return nil, err
	}
	for _, n := range notes {
		g.noteData(n)
	}
	return set, nil
}

// ofOthers are the flags for a second set: what names samples of the first, and
// their labels, is left out.
func (o *dataOptions) ofOthers() *dataOptions {
	others := *o
	others.only, others.exclude, others.labels = "", "", ""
	return &others
}

// samples opens sets as the model takes them.
func (o *dataOptions) samples(g *globals, specs []string, m *onnxio.Model) (*data.Prepared, error) {
	return o.prepared(g, specs, m, false)
}

// prepared opens sets as the model takes them, with all their labels where it
// says so.
func (o *dataOptions) prepared(g *globals, specs []string, m *onnxio.Model, labelled bool) (*data.Prepared, error) {
	in, err := o.input(m)
	if err != nil {
		return nil, err
	}
	set, err := o.read(g, specs, in, labelled)
	if err != nil {
		return nil, err
	}
	if !in.KnowsPixels {
		g.note("note: the model does not say how its input is normalised; pixels from 0 to 1 are fed as they are (--preset, --mean, --std)")
	}
	p, err := data.Prepare(set, in.Preprocess)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data %s: %w", strings.Join(specs, ", "), err), data.Close(set))
	}
	return p, nil
}

// specList is a flag that names sets, and may be given several times.
type specList []string

// String is what messages call the sets.
func (l *specList) String() string { return strings.Join(*l, ", ") }

// Set adds one.
func (l *specList) Set(spec string) error {
	*l = append(*l, spec)
	return nil
}

// Type is what the help calls a value.
func (*specList) Type() string { return "data" }
