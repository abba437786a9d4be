package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/labelling/review"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

func newLabelReviewCommand(g *globals) *cobra.Command {
	var out outputOptions
	var files review.Files
	var k int
	cmd := &cobra.Command{
		Use:     "review SCORES -o FILE",
		GroupID: groupData,
		Short:   "Rank labels by how likely they are wrong",
		Long: withExitStatus(`
Rank the labelled samples of a score file by how likely their labels are wrong, by
the class probabilities beside it (confident learning) and by what a training saw of
them (area under the margin, forgetting), and write a selection, whose class is what
the label may be instead. Without -k it has the samples that confident learning
counts to another class. The probabilities are to come from a network that was not
trained on these labels, or for few epochs: one that knows them finds them right.`,
			exitOK, exitFailed, exitUsage),
		Example: `  prunefuse score selector.onnx --pool labels.csv -o s.jsonl --probabilities p.npy
  prunefuse label review s.jsonl --probabilities p.npy -o doubtful.jsonl`,
		Args: exactArgs("SCORES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case out.path == "":
				return usageIn(cmd, errors.New("name the file to write with --output (-o)"))
			case k < 0 || k == 0 && files.Probabilities == "":
				return usageIn(cmd, errors.New("name --probabilities; or --dynamics, and a --count (-k) of 1 or more"))
			}
			return runLabelReview(g, out, files, args[0], k)
		},
	}
	fs := cmd.Flags()
	out.addFlags(fs, "the .jsonl or .txt `file` to write")
	fs.StringVar(&files.Probabilities, "probabilities", "", "the .npy `file` of class probabilities that score wrote")
	fs.StringVar(&files.Dynamics, "dynamics", "", "the `file` that train --dynamics wrote")
	fs.IntVarP(&k, "count", "k", 0, "choose so `many` samples")
	return cmd
}

func runLabelReview(g *globals, to outputOptions, files review.Files, path string, k int) error {
	if err := to.check(); err != nil {
		return err
	}
	in, err := g.open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	c, err := review.Choose(in, files, k)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	format, err := selection.FormatOf(to.path)
	if err != nil {
		return &usageError{err}
	}
	out := g.outputs()
	defer out.Discard()
	err = out.write(to.path, func(w io.Writer) error { return selection.Write(w, format, c.Selected, review.Strategy) })
	if err == nil {
		err = out.Commit()
	}
	if err != nil || to.path == stdStream {
		return err
	}
	return g.printResult(c, to.path+": "+c.Text())
}
