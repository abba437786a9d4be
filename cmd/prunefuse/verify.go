package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/compare"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

type verifyOptions struct {
	inputs    int
	tolerance float64
	fused     bool
	span      string
	between   *compare.Range // by settle
	reference bool
	shapes    inputShapeOptions
}

func (o *verifyOptions) addFlags(fs *pflag.FlagSet) {
	fs.IntVarP(&o.inputs, "inputs", "n", 4, "how many random inputs to run, at least")
	fs.Float64Var(&o.tolerance, "tolerance", 0, "greatest `difference` of an output that passes; 0 allows for float32 sums taken in another order")
	fs.BoolVar(&o.fused, "fused", false, "check that A, a fused model, holds the weights of B, the pruned one, bit for bit")
	fs.StringVar(&o.span, "input-range", "", "draw floats evenly from `LOW:HIGH`, such as 0:1, in place of normal ones at several scales")
	fs.BoolVar(&o.reference, "reference", false, "run both as they are written, without the runtime's optimiser")
	o.shapes.addFlags(fs)
}

func newVerifyCommand(g *globals) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:     "verify A B",
		GroupID: groupModels,
		Short:   "Check that two models compute the same",
		Long: withExitStatus(`
Run two models on the same random inputs and compare their outputs. Where B was
pruned from A, as its plan says, B is compared with A whose removed channels are
silenced; that holds until B is trained.

B must take all that A takes and give outputs of the same names, types and
shapes; integers must be the same, floats up to what rounding does. Integers
that A indexes with are drawn so that all that it can index is read, floats at
several scales, or from --input-range, and open axes have two sizes. Where A
fixes its batch and B does not, B is run at two others as well. A difference
names the first node at which it arises.

With --fused nothing is run: the weights of B, a pruned and trained model, are
read back out of A, the model it was fused into, and compared bit for bit.`,
			exitOK, exitFailed, exitUsage, exitDiffers, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse verify model.onnx deploy.onnx
  prunefuse verify dense.onnx small.onnx
  prunefuse verify --fused fused.onnx selector.onnx`,
		Args: exactArgs("A", "B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(cmd.Flags()); err != nil {
				return usageIn(cmd, err)
			}
			return runVerify(cmd.Context(), g, o, args[0], args[1])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *verifyOptions) settle(fs *pflag.FlagSet) error {
	switch {
	case o.inputs < 1:
		return fmt.Errorf("--inputs %d: want at least 1", o.inputs)
	case !(o.tolerance >= 0):
		return fmt.Errorf("--tolerance %v: want 0 or more", o.tolerance)
	case o.fused && (fs.Changed("inputs") || fs.Changed("tolerance") || fs.Changed("input-range") || o.reference):
		return errors.New("--fused compares bit for bit and excludes --inputs, --tolerance, --input-range and --reference")
	}
	if o.span != "" {
		var err error
		if o.between, err = compare.ParseRange(o.span); err != nil {
			return fmt.Errorf("--input-range %w", err)
		}
	}
	return o.shapes.settle()
}

// The checks that verify makes, as its result names them.
const (
	checkOutputs = "outputs"
	checkMasked  = "masked"
	checkFused   = "fused"
)

func runVerify(ctx context.Context, g *globals, o verifyOptions, pathA, pathB string) error {
	a, err := onnxio.Load(pathA)
	if err != nil {
		return err
	}
	b, err := onnxio.Load(pathB)
	if err != nil {
		return err
	}
	if o.fused {
		return verifyFused(g, a, b, pathA, pathB)
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	v, check, err := o.compare(ctx, g, a, b)
	if err != nil {
		return fmt.Errorf("%s and %s: %w", pathA, pathB, err)
	}
	if o.tolerance > 0 && v.Differs == "" {
		v.Tolerance = o.tolerance
	}
	if err := printVerified(g, check, pathA, pathB, v); err != nil {
		return err
	}
	if !v.Equal() {
		return fmt.Errorf("%s and %s: %w", pathA, pathB, &export.DiffersError{Verification: v})
	}
	return nil
}

func (o verifyOptions) compare(ctx context.Context, g *globals, a, b *onnxio.Model) (*pruning.Verification, string, error) {
	vo := pruning.VerifyOptions{Inputs: o.inputs, Seed: g.seed, Session: g.session(), InputShapes: o.shapes.shapes, Range: o.between}
	if o.reference {
		vo.Session.Optimization = ort.OptimizeNone
	}
	plan, err := pruning.ReadPlan(b)
	if err != nil {
		return nil, "", err
	}
	if plan == nil || plan.CheckParent(a) != nil {
		v, err := pruning.Compare(ctx, a, b, vo)
		return v, checkOutputs, op.Blame(a, op.Blame(b, err))
	}
	analysis, sel, err := pruning.AnalyzeFor(a, plan)
	if err != nil {
		return nil, "", err
	}
	v, err := analysis.Verify(ctx, sel, b, vo)
	return v, checkMasked, op.Blame(a, err)
}

func verifyFused(g *globals, fused, pruned *onnxio.Model, pathA, pathB string) error {
	differs := fusion.Verify(fused, pruned)
	var d *fusion.DiffersError
	if differs != nil && !errors.As(differs, &d) {
		return fmt.Errorf("%s and %s: %w", pathA, pathB, differs)
	}
	if g.json {
		if err := g.printJSON(verifyResult{Schema: verifySchema, Check: checkFused, A: pathA, B: pathB, Equal: differs == nil}); err != nil {
			return err
		}
	}
	if differs != nil {
		return fmt.Errorf("%s does not hold %s: %w", pathA, pathB, differs)
	}
	if g.json {
		return nil
	}
	_, err := fmt.Fprintf(g.stdout, "%s holds every weight of %s bit for bit\n", pathA, pathB)
	return err
}

const verifySchema = "prunefuse.verify/1"

type verifyResult struct {
	Schema string `json:"schema"`
	Check  string `json:"check"`
	A      string `json:"a"`
	B      string `json:"b"`
	Equal  bool   `json:"equal"`
	*pruning.Verification
}

func printVerified(g *globals, check, pathA, pathB string, v *pruning.Verification) error {
	if g.json {
		return g.printJSON(verifyResult{verifySchema, check, pathA, pathB, v.Equal(), v})
	}
	if !v.Equal() {
		return nil
	}
	what := "compute the same"
	if check == checkMasked {
		what = "compute the same with the removed channels silenced"
	}
	_, err := fmt.Fprintf(g.stdout, "%s and %s %s: %s\n", pathA, pathB, what, v.Text())
	return err
}
