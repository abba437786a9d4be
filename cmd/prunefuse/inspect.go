package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/cmd/prunefuse/internal/show"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

type inspectOptions struct {
	text   bool
	ignore []string
	shapes inputShapeOptions
}

func (o *inspectOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.text, "text", false, "print the graph as text, one line a tensor and a node")
	fs.StringSliceVar(&o.ignore, "ignore", nil, "`node` whose outputs keep all their channels, as in prune; may be repeated")
	o.shapes.addFlags(fs)
}

func newInspectCommand(g *globals) *cobra.Command {
	var o inspectOptions
	cmd := &cobra.Command{
		Use:     "inspect MODEL",
		GroupID: groupModels, SuggestFor: []string{"info", "show", "summary"},
		Short: "Show what a network is made of and what can be pruned",
		Long: withExitStatus(`
Show a network's inputs, outputs and operators, its parameters and its
multiply-accumulates (MACs) for one sample, also where the batch is fixed; the
groups of coupled channels that can be pruned, with what is at stake; and for
every axis of a weight that cannot be, the reason.

A group is a number of channels and the weight axes, written weight:axis, that
lose an index with each channel that goes. At stake is what is saved where the
group alone loses one channel, or half of them as with --ratio 0.5. Of many
groups those with the most MACs at stake are shown, and reasons are counted by
kind; -v lists all.

MACs hang on the size of the inputs. Where that is open, --input-shape gives one.

With --json, one object:
  schema, file, fingerprint, producer, ir_version, opset, metadata, pruned_from
  inputs, outputs    [{name, type, shape}]; shape is null for an unknown rank
  operators          [{op, domain, count, known}], the most frequent first
  parameters, macs   macs is null where an input of open size leaves it unknown
  uncounted_nodes    nodes that are not in macs, as their cost is not known
  open_inputs        inputs of open size that --input-shape does not settle
  groups             [{id, name, size, members, one, half}]; one and half are
                     what is saved, {parameters, macs}
  pinned             [{weight, axis, extent, kind, reason}], the axes that cannot
                     be pruned`,
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Example: `  prunefuse inspect model.onnx
  prunefuse inspect model.onnx --input-shape image:1,3,224,224
  prunefuse inspect model.onnx --json`,
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.text && g.json {
				return usageIn(cmd, fmt.Errorf("--text and --json exclude each other"))
			}
			if err := o.shapes.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runInspect(g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runInspect(g *globals, o inspectOptions, path string) error {
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	if o.text {
		return m.WriteText(g.stdout)
	}
	out, err := pruning.Inspect(m, pruning.Options{Ignore: o.ignore}, o.shapes.shapes)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out.File, out.Bytes = path, fileBytes(path, m)
	if g.json {
		return g.printJSON(out)
	}
	return show.Inspection(g.stdout, out, g.verbose)
}
