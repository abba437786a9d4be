package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/training"
)

type evalOptions struct {
	data    dataOptions
	samples specList
	batch   int
}

func (o *evalOptions) addFlags(fs *pflag.FlagSet) {
	fs.Var(&o.samples, "data", "the labelled samples: a `name` or path, see above; may be repeated")
	fs.IntVar(&o.batch, "batch", 128, "samples a batch")
	o.data.addFlags(fs)
	o.data.addHeadFlag(fs)
}

func newEvalCommand(g *globals) *cobra.Command {
	var o evalOptions
	cmd := &cobra.Command{
		Use:     "eval MODEL --data DATA",
		GroupID: groupData,
		Short:   "Measure accuracy, calibration and confusion on labelled samples",
		Long: withExitStatus(`
Run a classifier on labelled samples and print its accuracy, its mean
cross-entropy, binary for a model with one output or one that ends in a
Sigmoid, its expected calibration error (how far, on average, the accuracy
of its answers is from the confidence it gives them, over 15 bins) and which
classes it takes for which.

Images are normalised as the model's metadata say, or by --preset or --mean and
--std.

`+dataFormats,
			exitOK, exitFailed, exitUsage, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse eval selector.onnx --data demo:test`,
		Args:    exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runEval(cmd.Context(), g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *evalOptions) settle() error {
	switch {
	case o.samples == nil:
		return errors.New("name the samples with --data")
	case o.batch < 1:
		return fmt.Errorf("--batch %d: want at least 1", o.batch)
	}
	return o.data.settle()
}

func runEval(ctx context.Context, g *globals, o evalOptions, path string) error {
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	if _, err := o.data.classScores(g, m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	set, err := o.data.prepared(g, o.samples, m, true)
	if err != nil {
		return err
	}
	defer data.Close(set.Set)
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	e, err := training.Evaluate(ctx, m, set, training.EvalOptions{Batch: o.batch, Logits: o.data.head, Session: g.session()})
	if err != nil {
		return fmt.Errorf("%s: %w", path, op.Blame(m, err))
	}
	if g.json {
		return g.printJSON(struct {
			Schema     string   `json:"schema"`
			File       string   `json:"file"`
			Data       string   `json:"data"`
			ClassNames []string `json:"class_names,omitempty"`
			*training.Evaluation
		}{"prunefuse.eval/1", path, o.samples.String(), set.Classes(), e})
	}
	return printEvaluation(g, e, set.Classes())
}

// lossName is what a loss is called in print.
func lossName(k training.LossKind) string {
	if k == training.BinaryCrossEntropy {
		return "binary cross-entropy"
	}
	return "cross-entropy"
}

// matrixClasses is the greatest number of classes whose confusion is printed.
const matrixClasses = 20

func printEvaluation(g *globals, e *training.Evaluation, names []string) error {
	err := term.Table(g.stdout, nil, [][]string{
		{"accuracy", fmt.Sprintf("%s (%s of %s)", term.Percent(e.Accuracy), term.Count(int64(e.Correct)), term.Count(int64(e.Samples)))},
		{lossName(e.Kind), fmt.Sprintf("%.4f", e.Loss)},
		{"calibration error", term.Percent(e.CalibrationError)},
	}, []term.Align{term.Left, term.Left})
	if err != nil || len(e.Confusion) > matrixClasses {
		return err
	}
	header := []string{"class", "name", "recall"}
	align := []term.Align{term.Right, term.Left, term.Right}
	for c := range e.Confusion {
		header = append(header, "as "+strconv.Itoa(c))
		align = append(align, term.Right)
	}
	var rows [][]string
	for c, counts := range e.Confusion {
		name := "–"
		if c < len(names) {
			name = names[c]
		}
		row := []string{strconv.Itoa(c), name, term.Percent(e.Classes[c].Recall)}
		for _, n := range counts {
			row = append(row, strconv.Itoa(n))
		}
		rows = append(rows, row)
	}
	if _, err := fmt.Fprintln(g.stdout, "\nHow many samples of each class were taken for which"); err != nil {
		return err
	}
	return term.Table(g.stdout, header, rows, align)
}
