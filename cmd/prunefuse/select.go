package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/scoring"
)

type selectOptions struct {
	out        outputOptions
	choice     choiceOptions
	embeddings string
	labelled   string
}

func (o *selectOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the .jsonl or .txt `file` to write (default stdout)")
	o.choice.addFlags(fs)
	fs.StringVar(&o.embeddings, "embeddings", "", "for k-center: the .npy `file` that score wrote beside the scores")
	fs.StringVar(&o.labelled, "labelled-embeddings", "", "for k-center: an .npy `file` of the samples that have a label already")
}

func newSelectCommand(g *globals) *cobra.Command {
	var o selectOptions
	cmd := &cobra.Command{
		Use:     "select SCORES --strategy S -k N",
		GroupID: groupData,
		Short:   "Choose what to label from a score file",
		Long: withExitStatus(`
Choose the samples to label from the file that "prunefuse score" wrote, the most
useful first; - reads it from stdin. A .txt selection is the samples' names,
one a line; a .jsonl one has rank, scores and prediction as well. Nothing is
run: one score file serves any number of selections.

Strategies:
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
	needed := o.choice.strategy == strategyWithFeatures()
	switch {
	case needed && o.embeddings == "":
		return fmt.Errorf("--strategy %s needs --embeddings", o.choice.strategy)
	case !needed && (o.embeddings != "" || o.labelled != ""):
		return fmt.Errorf("--embeddings and --labelled-embeddings are for --strategy %s", strategyWithFeatures())
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
		}{"prunefuse.select/1", path, o.choice.path, o.choice.strategy, len(chosen)})
	}
	return nil
}

func (o selectOptions) choose(ctx context.Context, g *globals, in io.Reader) ([]scoring.Selected, error) {
	records := withContext(ctx, scoring.ReadRecords(in))
	var centres scoring.Features
	if o.labelled != "" {
		f, err := openEmbeddings(o.labelled)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if centres, err = f.all(); err != nil {
			return nil, err
		}
	}
	if o.embeddings != "" {
		f, err := openEmbeddings(o.embeddings)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if o.labelled != "" && centres.Dim != f.dim {
			return nil, errors.New("--embeddings and --labelled-embeddings have rows of different lengths")
		}
		records = withFeatures(records, f)
	}
	return o.choice.choose(ctx, records, g.seed, centres)
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

// withFeatures gives every record its row.
func withFeatures(records iter.Seq2[scoring.Record, error], f *embeddingFile) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for r, err := range records {
			if err == nil {
				r.Features, err = f.row(r.Index)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}
