package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
)

type labelImportOptions struct {
	labelOptions
	root, pool   string
	disagreement string
}

func (o *labelImportOptions) addFlags(fs *pflag.FlagSet) {
	o.labelOptions.addFlags(fs, "the .csv, .jsonl or .npy `file` to write")
	fs.StringVar(&o.root, "root", "", "the `folder` of the images, for .csv and .jsonl")
	fs.StringVar(&o.pool, "pool", "", "the `data` whose samples these are, for .npy")
	fs.StringVar(&o.project.Sample, "id-field", "", "the `field` or column that names the sample; empty is sample for Label Studio, id for other tables")
	fs.StringVar(&o.disagreement, "disagreement", string(labelling.Refuse), "`how` to take answers that differ: refuse, last, majority, dawid-skene or skip")
	fs.StringVar(&o.project.Skip, "skip-label", labelling.DefaultSkip, "the `word` that says that a sample cannot be labelled, unless a class is called so")
}

func newLabelImportCommand(g *globals) *cobra.Command {
	var o labelImportOptions
	cmd := &cobra.Command{
		Use:     "import LABELS… -o FILE",
		GroupID: groupData,
		Short:   "Make labels of what people have answered",
		Long: withExitStatus(`
Read what Label Studio exports (JSON, JSON-MIN, CSV or TSV), the XML of CVAT for
images, or the table that "label export" wrote, filled in, and write labels:
x.csv and x.jsonl are lists of images with their labels, to be read as --data;
x.npy has a label for each sample of --pool, -1 for those without one, to be read
as --labels. Several files, such as those of several annotators, are read as one.

A sample is the one that the file names as such, never another field: the field
sample of Label Studio's tasks, in whose exports id is the number of a task; id of
a table; the name of an image of CVAT; or the field --id-field. With --url-prefix it
is what follows that in the address of the image. Where one answer is called the
ground truth it alone counts; answers that differ are refused, or taken as
--disagreement says. Skipped tasks and predictions are no answers. All that is no
label is listed at once, and nothing is written.

Labels are the numbers of the classes that --classes or --model names, else what
people wrote.`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse label import project-1.json --model selector.onnx --root images -o labels.csv
  prunefuse label import batch.csv --classes cat,dog --pool pool.npy -o labels.npy`,
		Args: func(cmd *cobra.Command, args []string) error {
			return exactArgs("LABELS")(cmd, args[:min(len(args), 1)])
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runLabelImport(g, o, args)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *labelImportOptions) ext() string { return strings.ToLower(filepath.Ext(o.out.path)) }

func (o *labelImportOptions) settle() (err error) {
	if o.project.Disagreement, err = labelling.ParseDisagreement(o.disagreement); err != nil {
		return fmt.Errorf("--disagreement %w", err)
	}
	switch ext := o.ext(); {
	case o.out.path == "":
		return errors.New("name the file to write with --output (-o)")
	case ext == ".npy" && o.pool == "":
		return errors.New("an .npy file has a label for each sample: name them with --pool")
	case ext == ".npy" && o.root != "":
		return errors.New("--root is for .csv and .jsonl")
	case ext == ".npy":
	case ext != ".csv" && ext != ".jsonl":
		return fmt.Errorf("%s: want a .csv, .jsonl or .npy file", o.out.path)
	case o.pool != "":
		return errors.New("--pool is for .npy")
	}
	return nil
}

func runLabelImport(g *globals, o labelImportOptions, paths []string) error {
	classes, err := o.begin()
	if err != nil {
		return err
	}
	var samples *labelling.Samples // of the pool, for .npy
	c := o.project.Config
	c.Classes = classes
	if o.pool != "" {
		set, err := data.Open(o.pool, data.Options{Labels: "none"})
		if err != nil {
			return err
		}
		defer data.Close(set)
		samples = labelling.SamplesOf(set)
		c.HasSample = samples.Has
	}
	answers, err := labelling.ReadFiles(paths, c)
	if err == nil && len(answers.Labels) == 0 {
		err = fmt.Errorf("%s: it holds no label", strings.Join(paths, ", "))
	}
	if err != nil {
		return err
	}
	out := g.outputs()
	defer out.Discard()
	if err := o.write(&out, answers.Labels, samples, classes); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(paths, ", "), err)
	}
	if err := out.Commit(); err != nil {
		return err
	}
	for _, note := range answers.Summary() {
		g.note("%s", note)
	}
	return printTasks(g, o.out.path, "prunefuse.label.import/1", len(answers.Labels))
}

// write adds the labels as a list of images, or as an array.
func (o *labelImportOptions) write(out *outputs, labels []labelling.Label, samples *labelling.Samples, classes data.Classes) error {
	if samples == nil {
		lines, err := labelling.List(labels, classes, o.root, filepath.Dir(o.out.path))
		if err != nil {
			return err
		}
		return out.write(o.out.path, func(w io.Writer) error { return labelling.WriteList(w, lines, o.ext() == ".jsonl") })
	}
	values, err := labelling.Array(labels, samples, classes)
	if err != nil {
		return err
	}
	return out.write(o.out.path, func(w io.Writer) error { return data.EncodeNPY(w, []int{len(values)}, values) })
}
