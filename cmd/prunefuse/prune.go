package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

type pruneOptions struct {
	out       modelOutput
	ratio     float64
	criterion string
	ignore    []string
	plan      string
	planOut   string
	noVerify  bool
}

func (o *pruneOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	fs.Float64Var(&o.ratio, "ratio", 0, "`fraction` of the channels to remove from every group, above 0 and below 1")
	fs.StringVar(&o.criterion, "criterion", pruning.Criteria[0].Name, "`name` of what says which channels go first: "+criteriaNames())
	fs.StringSliceVar(&o.ignore, "ignore", nil, "`node` whose outputs keep all their channels; may be repeated")
	fs.StringVar(&o.plan, "plan", "", "keep what this plan `file` says, instead of --ratio")
	fs.StringVar(&o.planOut, "plan-out", "", "write the plan, which the model carries as well, to a `file`; - is stdout")
	fs.BoolVar(&o.noVerify, "no-verify", false, "do not run the result against the original")
	markIncidental(fs, "plan-out", "no-verify")
}

func criteriaNames() string {
	var names []string
	for _, c := range pruning.Criteria {
		names = append(names, c.Name)
	}
	return strings.Join(names, ", ")
}

func newPruneCommand(g *globals) *cobra.Command {
	var o pruneOptions
	var about strings.Builder
	for _, c := range pruning.Criteria {
		fmt.Fprintf(&about, "  %-8s %s\n", c.Name, c.About)
	}
	cmd := &cobra.Command{
		Use:     "prune MODEL -o FILE --ratio R",
		GroupID: groupModels,
		Short:   "Remove channels from a network",
		Long: withExitStatus(`
Remove a fraction of the channels from every group of coupled layers, so that
the network becomes smaller and stays whole. Inputs and outputs keep their
shapes; "prunefuse inspect" shows the groups, and why an axis is in none.

A group of C channels keeps floor(C·(1−R)) of them, and at least one. What goes
first is the criterion's choice:
`+about.String()+`
The result is run against the original with the removed channels silenced,
which must compute the same; --no-verify leaves that out. It carries its plan,
which says what was kept of which weight, and by which "prunefuse fuse" finds
the way back.`,
			exitOK, exitFailed, exitUsage, exitDiffers, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse prune dense.onnx --ratio 0.5 -o small.onnx
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
	complete(cmd, "criterion", func() (out []string) {
		for _, c := range pruning.Criteria {
			out = append(out, c.Name+"\t"+c.About)
		}
		return out
	})
	return cmd
}

func (o *pruneOptions) settle(fs *pflag.FlagSet) error {
	if _, err := pruning.CriterionByName(o.criterion); err != nil {
		return fmt.Errorf("--criterion: %w", err)
	}
	switch planned := o.plan != ""; {
	case planned && (fs.Changed("ratio") || fs.Changed("criterion") || fs.Changed("ignore")):
		return errors.New("--plan says what to keep and excludes --ratio, --criterion and --ignore")
	case !planned && !fs.Changed("ratio"):
		return errors.New("say how much to remove with --ratio")
	case !planned && !(o.ratio > 0 && o.ratio < 1):
		return fmt.Errorf("--ratio %v: want a fraction above 0 and below 1", o.ratio)
	}
	return nil
}

func runPrune(cmd *cobra.Command, g *globals, o pruneOptions, path string) error {
	if err := o.out.check(o.planOut); err != nil {
		return err
	}
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	result, err := o.prune(m, path, g.seed)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	g.detail("%d groups of coupled channels", len(result.Analysis.Groups))
	var verified *pruning.Verification
	if !o.noVerify {
		if verified, err = verifyPruned(cmd.Context(), g, result); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	before, err := measure(m)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	before.Bytes = fileSize(path)
	after, err := measure(result.Model)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	stamp(result.Model, cmd, []string{path})
	if after.Bytes, err = o.write(g, result); err != nil {
		return err
	}
	return printPruned(g, o, before, after, verified)
}

func (o pruneOptions) prune(m *onnxio.Model, path string, seed uint64) (*pruning.Result, error) {
	name := filepath.Base(path)
	if o.plan == "" {
		return pruning.Prune(m, pruning.Config{
			Ratio: o.ratio, Criterion: o.criterion, Seed: seed, Ignore: o.ignore, ParentName: name,
		})
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

// verifyPruned runs the pruned model against the masked original; a
// difference is a *prunefuse.DiffersError.
func verifyPruned(ctx context.Context, g *globals, r *pruning.Result) (*pruning.Verification, error) {
	if err := g.startRuntime(ctx); err != nil {
		if errors.Is(err, ort.ErrNoRuntime) {
			return nil, fmt.Errorf("verify: %w; --no-verify writes the result unchecked", err)
		}
		return nil, err
	}
	v, err := r.Analysis.Verify(ctx, r.Selection, r.Model, pruning.VerifyOptions{Seed: g.seed, Session: g.session()})
	if err != nil {
		return nil, unsupported(r.Analysis.Model, err)
	}
	if !v.Equal() {
		return nil, fmt.Errorf("verify: pruned against masked, %w; nothing was written", &prunefuse.DiffersError{Verification: v})
	}
	return v, nil
}

func (o pruneOptions) write(g *globals, r *pruning.Result) (int64, error) {
	out := outputs{stdout: g.stdout}
	defer out.discard()
	size, err := out.model(r.Model, o.out)
	if err != nil {
		return 0, err
	}
	if o.planOut != "" {
		b, err := r.Plan.JSON()
		if err != nil {
			return 0, err
		}
		err = out.write(o.planOut, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s\n", b)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return size, out.commit()
}

func printPruned(g *globals, o pruneOptions, before, after modelSize, v *pruning.Verification) error {
	switch {
	case o.planOut == stdStream:
		return nil
	case g.json:
		return g.printJSON(struct {
			Schema       string                `json:"schema"`
			File         string                `json:"file"`
			Before       modelSize             `json:"before"`
			After        modelSize             `json:"after"`
			Verification *pruning.Verification `json:"verification"`
		}{"prunefuse.prune/1", o.out.path, before, after, v})
	}
	if err := printChange(g, before, after); err != nil {
		return err
	}
	line := "not verified"
	if v != nil {
		line = "verified: " + difference(v)
		if len(v.Mixed) > 0 {
			line += fmt.Sprintf("; compared without the removed indices at %d nodes that mix values along them, such as %s", len(v.Mixed), v.Mixed[0])
		}
		if len(v.Behind) > 0 {
			line += fmt.Sprintf("; %s hang on a choice, so what it is made of was compared", strings.Join(v.Behind, ", "))
		}
	}
	_, err := fmt.Fprintln(g.stdout, line)
	return err
}

// difference tells the outcome of a comparison in numbers.
func difference(v *pruning.Verification) string {
	return fmt.Sprintf("greatest difference %.2g on %d random inputs (tolerance %.2g)", v.MaxDiff, v.Inputs, v.Tolerance)
}
