package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/cmd/prunefuse/internal/show"
	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

type exportOptions struct {
	out      modelOutput
	noVerify bool
	shapes   inputShapeOptions
}

func (o *exportOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	fs.BoolVar(&o.noVerify, "no-verify", false, "do not run the result against the original")
	o.shapes.addFlags(fs)
	markIncidental(fs, "no-verify")
}

func newExportCommand(g *globals) *cobra.Command {
	var o exportOptions
	cmd := &cobra.Command{
		Use:     "export MODEL -o FILE",
		GroupID: groupModels,
		Short:   "Make a network ready for deployment",
		Long: withExitStatus(`
Write a network as it is best run: BatchNormalization folded into the layers
before it, nodes and weights that nothing needs gone, the batch size free. The
result is run against the original, which must compute the same, and names it in
its metadata; --no-verify leaves the check out.`,
			exitOK, exitFailed, exitUsage, exitDiffers, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse export fused.onnx -o deploy.onnx`,
		Args:    exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.shapes.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runExport(cmd, g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runExport(cmd *cobra.Command, g *globals, o exportOptions, path string) error {
	ctx := cmd.Context()
	if err := o.out.check(); err != nil {
		return err
	}
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	if err := g.startRuntime(ctx); errors.Is(err, ort.ErrNoRuntime) && !o.noVerify {
		return fmt.Errorf("%s: verify: %w; --no-verify writes the result unchecked", path, err)
	} else if err != nil && !o.noVerify {
		return err
	}
	exported, did, err := export.Model(ctx, m, export.Options{SkipVerify: o.noVerify, Seed: g.seed, Session: g.sessionBeside(o.out.path), InputShapes: o.shapes.shapes})
	if err != nil {
		return fmt.Errorf("%s: %w", path, op.Blame(m, err))
	}
	before, after, err := op.SizesOf(m, exported, o.shapes.shapes)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	before.Bytes = fileBytes(path, m)
	stamp(exported, cmd, []string{path})
	out := g.outputs()
	defer out.Discard()
	if after.Bytes, err = out.model(g, exported, o.out); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return printExported(g, o, before, after, did)
}

func printExported(g *globals, o exportOptions, before, after op.Size, did *export.Report) error {
	if g.json {
		return g.printJSON(struct {
			*export.Report
			File   string  `json:"file"`
			Before op.Size `json:"before"`
			After  op.Size `json:"after"`
		}{did, o.out.path, before, after})
	}
	if err := show.Sizes(g.stdout, before, after); err != nil {
		return err
	}
	batch := ""
	if did.FreedBatch {
		batch = ", batch size made free"
	}
	if did.FixedBatch != "" {
		g.note("the batch size stays fixed: %s; for another, leave its axis open where the network is exported (dynamic_axes)", did.FixedBatch)
	}
	if n := len(did.FixedInputs); n > 0 {
		g.note("note: inputs with a default value can be given no other any more: %s", strings.Join(did.FixedInputs, ", "))
	}
	verified := "not verified"
	if did.Verification != nil {
		verified = "verified: " + did.Verification.Text()
	}
	_, err := fmt.Fprintf(g.stdout, "%d BatchNormalizations folded, %d of %d nodes left%s\n%s\n",
		did.FoldedBatchNorm, did.NodesAfter, did.NodesBefore, batch, verified)
	return err
}
