package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

type labelExportOptions struct {
	labelOptions
	format string
	form   labelling.Form
	pool   string
	blind  bool
}

func (o *labelExportOptions) addFlags(fs *pflag.FlagSet) {
	o.labelOptions.addFlags(fs, "the `file` to write; - is stdout")
	fs.StringVar(&o.format, "format", "", "`form`: label-studio, csv, jsonl, cvat or coco; empty goes by the file's name")
	fs.StringVar(&o.pool, "pool", "", "the `data` that the samples are of, for the sizes of images that cvat and coco state")
	fs.BoolVar(&o.blind, "no-predictions", false, "leave out what the network takes each sample for; the order is that of choosing")
}

func newLabelExportCommand(g *globals) *cobra.Command {
	var o labelExportOptions
	cmd := &cobra.Command{
		Use:     "export SELECTION -o FILE",
		GroupID: groupData,
		Short:   "Write a selection as tasks for people",
		Long: withExitStatus(`
Write a .jsonl selection, or a whole score file, as tasks for people, the least
confident prediction first. A file x.json is for Label Studio to import: a
prediction's score is its confidence, and Label Studio shows the lowest first. A
file x.csv or x.jsonl has a column for the label to fill in. x.xml and --format coco
have the images and classes for CVAT to take, with their sizes, from --pool.

Label Studio finds a sample's image at --url-prefix and the sample's name. Its
labelling interface is to have
  <Image name="image" value="$image"/>
  <Choices name="choice" toName="image"> with the names of the classes`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse label export batch.jsonl --classes cat,dog -o tasks.json \
    --url-prefix '/data/local-files/?d=images/'`,
		Args: exactArgs("SELECTION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runLabelExport(g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *labelExportOptions) settle() (err error) {
	if o.out.path == "" {
		return errors.New("name the file to write with --output (-o)")
	}
	if o.form, err = labelling.FormOf(o.format, o.out.path); err != nil {
		return err
	}
	if o.form.Measured() != (o.pool != "") {
		return errors.New("cvat and coco state the sizes of images, and no other form does: for these name the data with --pool")
	}
	return nil
}

func runLabelExport(g *globals, o labelExportOptions, path string) error {
	classes, err := o.begin()
	if err != nil {
		return err
	}
	in, err := g.open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	items, err := labelling.Items(selection.ReadFile(in), classes)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if o.blind {
		items = labelling.Blind(items)
	}
	if o.pool != "" {
		if err := labelling.MeasurePool(items, o.pool); err != nil {
			return err
		}
	}
	o.project.Classes = classes
	out := g.outputs()
	defer out.Discard()
	err = out.write(o.out.path, func(w io.Writer) error {
		return labelling.Write(w, o.form, items, "prunefuse", o.project.Config)
	})
	if err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return printTasks(g, o.out.path, "prunefuse.label.export/1", len(items))
}

func printTasks(g *globals, path, schema string, n int) error {
	if path == stdStream {
		return nil
	}
	w := labelling.Written{Schema: schema, Output: path, Count: n}
	return g.printResult(w, w.Text())
}
