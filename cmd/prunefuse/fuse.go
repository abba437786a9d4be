package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

type fuseOptions struct {
	out           modelOutput
	dense, pruned string
	rest          string
}

func (o *fuseOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	fs.StringVar(&o.dense, "dense", "", "the model `file` as it was before pruning")
	fs.StringVar(&o.pruned, "pruned", "", "the model `file` that was pruned from it, and trained")
	fs.StringVar(&o.rest, "rest", string(fusion.Rests[0]), "`what` the other weights hold: "+restNames())
}

func restNames() string {
	var names []string
	for _, r := range fusion.Rests {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

func newFuseCommand(g *globals) *cobra.Command {
	var o fuseOptions
	cmd := &cobra.Command{
		Use:     "fuse --dense FILE --pruned FILE -o FILE",
		GroupID: groupModels,
		Short:   "Put a pruned and trained network back into the full one",
		Long: withExitStatus(`
Write every weight of the pruned network to its place in the dense one, by the
plan that the pruned file carries, and check the result by reading the pruned
network back out of it, bit for bit. No runtime is needed; where there is one,
preserve is also run against the pruned network.

What the weights hold that the pruned network does not bring:
  init      what the dense file has
  reinit    fresh random values, drawn from --seed
  zero      zero
  preserve  what the dense file has, but zero where an old channel would read
            a new one: the fused network starts out computing what the pruned
            one computes`,
			exitOK, exitFailed, exitUsage, exitDiffers, exitUnsupported, exitInterrupted),
		Example: `  prunefuse fuse --dense dense.onnx --pruned selector.onnx -o fused.onnx`,
		Args:    exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runFuse(cmd, g, o)
		},
	}
	o.addFlags(cmd.Flags())
	complete(cmd, "rest", func() (out []string) {
		for _, r := range fusion.Rests {
			out = append(out, string(r))
		}
		return out
	})
	return cmd
}

func (o *fuseOptions) settle() error {
	switch {
	case o.dense == "":
		return errors.New("name the model that was pruned with --dense")
	case o.pruned == "":
		return errors.New("name the pruned model with --pruned")
	}
	if _, err := fusion.ParseRest(o.rest); err != nil {
		return fmt.Errorf("--rest: %w", err)
	}
	return nil
}

func runFuse(cmd *cobra.Command, g *globals, o fuseOptions) error {
	if err := o.out.check(); err != nil {
		return err
	}
	dense, err := onnxio.Load(o.dense)
	if err != nil {
		return err
	}
	pruned, err := onnxio.Load(o.pruned)
	if err != nil {
		return err
	}
	fused, err := fusion.Fuse(dense, pruned, fusion.Options{Rest: fusion.Rest(o.rest), Seed: g.seed})
	if err != nil {
		return fmt.Errorf("%s into %s: %w", o.pruned, o.dense, err)
	}
	if fusion.Rest(o.rest) == fusion.Preserve {
		if err := o.checkPreserved(cmd.Context(), g, fused, pruned); err != nil {
			return fmt.Errorf("%s into %s: %w", o.pruned, o.dense, err)
		}
	}
	size, err := op.SizeOf(fused, nil)
	if err != nil {
		return err
	}
	from, err := op.SizeOf(pruned, nil)
	if err != nil {
		return err
	}
	if err := g.loads(cmd.Context(), fused, o.out.path); err != nil {
		return fmt.Errorf("%s into %s: %w", o.pruned, o.dense, err)
	}
	stamp(fused, cmd, nil)
	out := g.outputs()
	defer out.Discard()
	if size.Bytes, err = out.model(g, fused, o.out); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	if g.json {
		return g.printJSON(struct {
			Schema string  `json:"schema"`
			File   string  `json:"file"`
			Rest   string  `json:"rest"`
			Pruned op.Size `json:"pruned"`
			Fused  op.Size `json:"fused"`
			Equal  bool    `json:"holds_pruned_bit_for_bit"`
		}{"prunefuse.fuse/1", o.out.path, o.rest, from, size, true})
	}
	_, err = fmt.Fprintf(g.stdout, "%s: %s of its %s parameters are the pruned network's, bit for bit; the rest: %s\n",
		o.out.path, term.Count(from.Parameters), term.Count(size.Parameters), o.rest)
	return err
}

// checkPreserved runs the fused model against the pruned one. Without a
// runtime that is left out, and said.
func (o fuseOptions) checkPreserved(ctx context.Context, g *globals, fused, pruned *onnxio.Model) error {
	err := g.startRuntime(ctx)
	if errors.Is(err, ort.ErrNoRuntime) {
		g.note("not run against the pruned network: %v", err)
		return nil
	}
	if err != nil {
		return err
	}
	v, err := pruning.Compare(ctx, fused, pruned, pruning.VerifyOptions{Seed: g.seed, Session: g.sessionBeside(o.out.path)})
	if err != nil {
		return err
	}
	if !v.Equal() {
		return &export.DiffersError{Verification: v}
	}
	g.note("computes what the pruned network does: %s", v.Text())
	return nil
}
