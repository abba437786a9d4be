package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/labelling"
	"github.com/prunefuse/prunefuse/onnxio"
)

func newLabelCommand(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "label",
		GroupID: groupData,
		Short:   "Hand a selection to people for labelling, and take their labels in",
		Long: withExitStatus(`
Write the samples that "prunefuse select" or "prunefuse score" chose as tasks of
Label Studio, or as a table to fill in, the least confident first; and make of
what comes back labels that train and run read. "label serve" shows the batch of a run
on a page to label it on.`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse label export batch.jsonl --model selector.onnx -o tasks.json
  prunefuse label import project-1.json --model selector.onnx --root images -o labels.csv
  prunefuse train selector.onnx --data labels.csv -o next.onnx
  prunefuse label serve runs/shapes`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
	}
	cmd.AddGroup(&cobra.Group{ID: groupData, Title: "Commands:"})
	cmd.AddCommand(newLabelExportCommand(g), newLabelImportCommand(g), newLabelServeCommand(g), newLabelReviewCommand(g))
	return cmd
}

// labelOptions are the flags of both ways.
type labelOptions struct {
	out     outputOptions
	names   namesOptions
	project projectOptions
}

func (o *labelOptions) addFlags(fs *pflag.FlagSet, out string) {
	o.out.addFlags(fs, out)
	o.names.addFlags(fs)
	o.project.addFlags(fs)
}

// begin refuses an output that exists and gives the classes.
func (o *labelOptions) begin() (data.Classes, error) {
	if err := o.out.check(); err != nil {
		return data.Classes{}, err
	}
	return o.names.of()
}

// namesOptions are the flags that say what the classes are called.
type namesOptions struct {
	classes []string
	model   string
}

func (o *namesOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&o.classes, "classes", nil, "the `names` of the classes, in the order of their numbers")
	fs.StringVar(&o.model, "model", "", "take the names of the classes from this `model`")
}

// of gives the classes, whose names may not be known.
func (o *namesOptions) of() (data.Classes, error) {
	switch {
	case o.model == "":
		return data.Classes{Names: o.classes, Count: len(o.classes)}, nil
	case o.classes != nil:
		return data.Classes{}, usagef("--classes and --model exclude each other")
	}
	m, err := onnxio.Load(o.model)
	if err != nil {
		return data.Classes{}, err
	}
	in, err := data.InputOf(m)
	if err == nil && in.Classes.Names == nil {
		err = errors.New("the model does not say what its classes are called; use --classes")
	}
	if err != nil {
		return data.Classes{}, fmt.Errorf("%s: %w", o.model, err)
	}
	return in.Classes, nil
}

// projectOptions are the flags that say what a Label Studio project looks like.
type projectOptions struct{ labelling.Config }

func (o *projectOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.FromName, "from-name", "choice", "the `name` of <Choices> in the project's labelling interface")
	fs.StringVar(&o.ToName, "to-name", "image", "the `name` of <Image>, whose value is $NAME")
	fs.StringVar(&o.Prefix, "url-prefix", "", "what comes before a sample's name in the `address` of its image")
	markIncidental(fs, "from-name", "to-name")
}
