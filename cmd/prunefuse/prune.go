package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/cmd/prunefuse/internal/show"
	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

type pruneOptions struct {
	out      modelOutput
	removal  removalOptions
	plan     string
	planOut  string
	noVerify bool
	shapes   inputShapeOptions

	recover     string // a pool, or ""
	compensated string // fromModel, a pool, or ""
}

func (o *pruneOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	o.removal.addFlags(fs)
	fs.StringVar(&o.plan, "plan", "", "keep what this plan `file` says, whatever it was made by")
	fs.StringVar(&o.planOut, "plan-out", "", "write the plan, which the model carries as well, to a `file`; - is stdout")
	o.addRecoverFlags(fs)
	fs.BoolVar(&o.noVerify, "no-verify", false, "do not run the result against the original")
	o.shapes.addFlags(fs)
	markIncidental(fs, "plan-out", "no-verify")
}

func newPruneCommand(g *globals) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:     "prune MODEL -o FILE --ratio R | --macs M | --params N | --latency T",
		GroupID: groupModels,
		Short:   "Remove channels from a network",
		Long: withExitStatus(`
Remove channels from the groups of coupled layers, so that the network becomes
smaller and stays whole. Inputs and outputs keep their shapes; "prunefuse
inspect" shows the groups, and why an axis is in none.

How much goes is said by one of
  --ratio R    the share of channels that goes: a group of C channels keeps
               floor(C·(1−R)) of them, at least one
  --macs, --params
               what is to be left: the least ratio that leaves so many
               multiply-accumulates for a sample, or parameters: "50%" of the
               dense network's, or "12.5M".
               The result is below, by less than one more channel would take
  --latency    the least ratio at which ONNX Runtime on this machine runs a
               sample in such a time: "50%", or "3.2ms". Candidates are built
               and timed side by side with the dense network
Where speed is what counts, --round-to 8 or 16 helps: convolutions on other
numbers of channels can take longer than on more of them.

A file for --ratios gives groups a ratio of their own, as YAML or JSON:
  layer1.*: 0.2          # the weights whose output channels the group is
  fc1.weight:0: 0        # a group, as inspect names it
It needs none of the above: the other groups stay whole then.

What goes first is the criterion's choice, in each group by itself, or in all
groups ranked together (--global), or in those of the same structure
(--isomorphic). To that end scores are divided by the mean of their group, except
the scores of `+strings.Join(pruning.CriterionNames(func(c pruning.Criterion) bool { return c.Comparable }), " and ")+`:
`+pruning.CriteriaText()+`
--channel-scores takes the scores from a file instead of a criterion, and
--channel-scores-out writes them, as
{"schema": "`+pruning.ScoresSchema+`", "groups": {"conv1.weight:0": [0.7, …]}}.

The result is run against the original with the removed channels silenced,
which must compute the same; --no-verify leaves that out. MACs, times and that
check are of inputs of the size --input-shape gives, where theirs is open. The
result carries its plan, which says what was kept of which weight, and by which
"prunefuse fuse" finds the way back.

`+recoverHelp+`
For criteria with data:
`+dataFormats,
			exitOK, exitFailed, exitUsage, exitDiffers, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse prune dense.onnx --ratio 0.5 -o small.onnx
  prunefuse prune dense.onnx --macs 50% --global --round-to 8 -o small.onnx
  prunefuse prune dense.onnx --latency 3.2ms -o small.onnx
  prunefuse prune dense.onnx --params 100k --criterion taylor --data images/ -o small.onnx
  prunefuse prune dense.onnx --macs 70% --recover images/ -o small.onnx
  prunefuse prune dense.onnx --plan plan.json -o small.onnx`,
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(cmd.Flags()); err != nil {
				return usageIn(cmd, err)
			}
			return runPrune(cmd, g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	rename(cmd.Flags(), map[string]string{"scores": "channel-scores", "scores-out": "channel-scores-out"})
	completeCriteria(cmd)
	return cmd
}

func (o *pruneOptions) settle(fs *pflag.FlagSet) error {
	if err := cmp.Or(o.shapes.settle(), o.settleRecovery()); err != nil {
		return err
	}
	if o.plan == "" {
		return o.removal.settle(fs)
	}
	for _, name := range removalFlags {
		if fs.Changed(name) && !o.forPool(name) {
			return fmt.Errorf("--plan says what to keep and excludes --%s", name)
		}
	}
	return o.removal.settleSamples()
}

// check refuses outputs before any work.
func (o *pruneOptions) check() error {
	return cmp.Or(
		o.out.check(o.planOut, o.removal.scoresOut),
		named{"--plan-out", o.planOut}.checkEnding(".json"),
		named{"--channel-scores-out", o.removal.scoresOut}.checkEnding(".json"),
	)
}

func runPrune(cmd *cobra.Command, g *globals, o pruneOptions, path string) error {
	if err := o.check(); err != nil {
		return err
	}
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	result, err := o.prune(cmd.Context(), g, m, path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	g.detail("%d groups of coupled channels", len(result.Analysis.Groups))
	for _, group := range result.Groups() {
		g.detail("%s keeps %d of %d", group.Group, group.Kept, group.Size)
	}
	var verified *pruning.Verification
	if !o.noVerify {
		if verified, err = o.verify(cmd.Context(), g, result); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	made, line, err := o.makeUp(cmd.Context(), g, m, result)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	before, after, err := op.SizesOf(m, result.Model, o.shapes.shapes)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	before.Bytes = fileBytes(path, m)
	stamp(result.Model, cmd, []string{path})
	if o.noVerify {
		if err := g.loads(cmd.Context(), result.Model, o.out.path); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if after.Bytes, err = o.write(g, result); err != nil {
		return err
	}
	return printPruned(g, o, result, before, after, verified, made, line)
}

func (o pruneOptions) prune(ctx context.Context, g *globals, m *onnxio.Model, path string) (*pruning.Result, error) {
	name := filepath.Base(path)
	if o.plan == "" {
		return o.removal.prune(ctx, g, m, name, o.shapes.shapes)
	}
	b, err := os.ReadFile(o.plan)
	if err != nil {
		return nil, err
	}
	plan, err := pruning.ParsePlan(b)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", o.plan, err)
	}
	r, err := pruning.PruneByPlan(m, plan, name)
	if err != nil {
		return nil, fmt.Errorf("plan %s: %w", o.plan, err)
	}
	return r, nil
}

// verify runs the pruned model against the masked original; a difference is a
// *export.DiffersError.
func (o pruneOptions) verify(ctx context.Context, g *globals, r *pruning.Result) (*pruning.Verification, error) {
	if err := g.startRuntime(ctx); err != nil {
		if errors.Is(err, ort.ErrNoRuntime) {
			return nil, fmt.Errorf("verify: %w; --no-verify writes the result unchecked", err)
		}
		return nil, err
	}
	v, err := r.Analysis.Verify(ctx, r.Selection, r.Model, pruning.VerifyOptions{Seed: g.seed, Session: g.sessionBeside(o.out.path), InputShapes: o.shapes.shapes})
	if err != nil {
		return nil, op.Blame(r.Analysis.Model, err)
	}
	if !v.Equal() {
		return nil, fmt.Errorf("verify: pruned against masked, %w; nothing was written", &export.DiffersError{Verification: v})
	}
	return v, nil
}

func (o pruneOptions) write(g *globals, r *pruning.Result) (int64, error) {
	out := g.outputs()
	defer out.Discard()
	size, err := out.model(g, r.Model, o.out)
	if err != nil {
		return 0, err
	}
	if err := writeJSONLine(&out, o.planOut, r.Plan.JSON); err != nil {
		return 0, err
	}
	if err := writeJSONLine(&out, o.removal.scoresOut, r.Scores.JSON); err != nil {
		return 0, err
	}
	return size, out.Commit()
}

// writeJSONLine adds a file of one line; an empty path is none.
func writeJSONLine(out *outputs, path string, encode func() ([]byte, error)) error {
	if path == "" {
		return nil
	}
	b, err := encode()
	if err != nil {
		return err
	}
	return out.write(path, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s\n", b)
		return err
	})
}

func printPruned(g *globals, o pruneOptions, r *pruning.Result, before, after op.Size, v *pruning.Verification, made madeUp, also string) error {
	switch {
	case o.planOut == stdStream || o.removal.scoresOut == stdStream:
		return nil
	case g.json:
		return g.printJSON(struct {
			Schema       string                `json:"schema"`
			File         string                `json:"file"`
			Before       op.Size               `json:"before"`
			After        op.Size               `json:"after"`
			Target       *pruning.Reached      `json:"target,omitempty"`
			Groups       []pruning.PrunedGroup `json:"groups"`
			Verification *pruning.Verification `json:"verification"`
			madeUp
		}{"prunefuse.prune/1", o.out.path, before, after, r.Reached, r.Groups(), v, made})
	}
	if err := show.Sizes(g.stdout, before, after); err != nil {
		return err
	}
	if r.Reached != nil {
		if _, err := fmt.Fprintln(g.stdout, r.Reached); err != nil {
			return err
		}
	}
	line := "not verified"
	if v != nil {
		line = "verified: " + v.MaskedText()
	}
	_, err := fmt.Fprintln(g.stdout, line+also)
	return err
}
