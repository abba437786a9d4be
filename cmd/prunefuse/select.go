package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

type selectOptions struct {
	out      outputOptions
	choice   choiceOptions
	given    rowFiles
	labelled rowFiles
}

// rowFiles are the .npy files that a strategy needs of a set.
type rowFiles struct{ features, softmax string }

func (o *selectOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the .jsonl or .txt `file` to write (default stdout)")
	o.choice.addFlags(fs)
	fs.StringVar(&o.given.features, "embeddings", "", "the .npy `file` of features that score wrote beside the scores")
	fs.StringVar(&o.given.softmax, "probabilities", "", "the .npy `file` of class probabilities that score wrote")
	fs.StringVar(&o.labelled.features, "labelled-embeddings", "", "the same of the samples that have a label already: an .npy `file`")
	fs.StringVar(&o.labelled.softmax, "labelled-probabilities", "", "the same of the samples that have a label already: an .npy `file`")
}

func newSelectCommand(g *globals) *cobra.Command {
	var o selectOptions
	cmd := &cobra.Command{
		Use:     "select SCORES --strategy S -k N",
		GroupID: groupData,
		Short:   "Choose what to label from a score file",
		Long: withExitStatus(`
Choose the samples to label from the file that "prunefuse score" wrote, the most
useful first; - reads it from stdin, but not Parquet. A .txt selection is the samples' names,
one a line; a .jsonl one has rank, scores and prediction as well. Nothing is
run: one score file serves any number of selections.

`+strategiesHelp(),
			exitOK, exitFailed, exitUsage, exitInterrupted),
		Example: `  prunefuse select scores.jsonl --strategy margin -k 1000 -o batch.txt
  prunefuse select scores.jsonl --strategy k-center --embeddings emb.npy -k 1000 -o batch.jsonl`,
		Args: exactArgs("SCORES"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runSelect(cmd.Context(), g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	completeStrategies(cmd)
	return cmd
}

func (o *selectOptions) settle() error {
	if o.choice.path = o.out.path; o.choice.path == "" {
		o.choice.path = stdStream
	}
	if err := o.choice.settle(); err != nil {
		return err
	}
	s := o.choice.chooser
	for _, f := range []struct {
		flag, path string
		takes      bool
		needs      bool
	}{
		{"embeddings", o.given.features, s.Features, s.Features},
		{"probabilities", o.given.softmax, s.Probabilities, s.Probabilities},
		{"labelled-embeddings", o.labelled.features, s.Features && s.Labelled != selection.Unused, s.Features && s.Labelled == selection.Required},
		{"labelled-probabilities", o.labelled.softmax, s.Probabilities && s.Labelled != selection.Unused, s.Probabilities && s.Labelled == selection.Required},
	} {
		switch {
		case f.needs && f.path == "":
			return fmt.Errorf("--strategy %s needs --%s", s.Name, f.flag)
		case !f.takes && f.path != "":
			return fmt.Errorf("--%s: strategy %q makes no use of it", f.flag, s.Name)
		}
	}
	return nil
}

func runSelect(ctx context.Context, g *globals, o selectOptions, path string) error {
	if err := o.out.check(); err != nil {
		return err
	}
	in := g.stdin
	if path != stdStream {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	chosen, err := o.choose(ctx, g, in)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	out := outputs{stdout: g.stdout}
	defer out.discard()
	if err := o.choice.write(&out, chosen); err != nil {
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	if g.json && o.choice.path != stdStream {
		return g.printJSON(struct {
			Schema   string `json:"schema"`
			Scores   string `json:"scores"`
			Selected string `json:"selected"`
			Strategy string `json:"strategy"`
			Count    int    `json:"count"`
		}{"prunefuse.select/1", path, o.choice.path, o.choice.choice.Strategy, len(chosen)})
	}
	return nil
}

func (o selectOptions) choose(ctx context.Context, g *globals, in io.Reader) ([]selection.Selected, error) {
	records := withContext(ctx, scoring.ReadFile(in))
	var labelled selection.Candidates
	var err error
	if labelled.Features, err = readRows(o.labelled.features); err != nil {
		return nil, err
	}
	if labelled.Probabilities, err = readRows(o.labelled.softmax); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		path string
		put  func(*scoring.Record, []float32)
	}{
		{o.given.features, func(r *scoring.Record, row []float32) { r.Features = row }},
		{o.given.softmax, func(r *scoring.Record, row []float32) { r.Probabilities = row }},
	} {
		if f.path == "" {
			continue
		}
		rows, err := openRows(f.path)
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		records = withRows(records, rows, f.put)
	}
	return o.choice.choose(ctx, records, g.seed, labelled)
}

// readRows reads a file whole; none where there is no path.
func readRows(path string) (selection.Features, error) {
	if path == "" {
		return selection.Features{}, nil
	}
	f, err := openRows(path)
	if err != nil {
		return selection.Features{}, err
	}
	defer f.Close()
	return f.all()
}

// withContext ends the sequence when ctx does.
func withContext(ctx context.Context, records iter.Seq2[scoring.Record, error]) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for r, err := range records {
			if ctx.Err() != nil {
				r, err = scoring.Record{}, ctx.Err()
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// withRows gives every record its row of a file.
func withRows(records iter.Seq2[scoring.Record, error], f *rowFile, put func(*scoring.Record, []float32)) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for r, err := range records {
			if err == nil {
				var row []float32
				row, err = f.row(r.Index)
				put(&r, row)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
