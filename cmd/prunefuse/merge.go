package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/job"
)

type mergeOptions struct {
	out        outputOptions
	embeddings string
	softmax    string
	format     string
}

func (o *mergeOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the score `file` to write, .jsonl, .csv or .parquet; - is stdout")
	fs.StringVar(&o.format, "format", "", "`form` of --output: jsonl, csv or parquet; empty goes by the file's name")
	fs.StringVar(&o.embeddings, "embeddings", "", "join the shards' embeddings, too, to an .npy `file`")
	fs.StringVar(&o.softmax, "probabilities", "", "join the shards' class probabilities, too, to an .npy `file`")
}

func newMergeCommand(g *globals) *cobra.Command {
	var o mergeOptions
	cmd := &cobra.Command{
		Use:     "merge SHARD... -o FILE",
		GroupID: groupData,
		Short:   "Fold the shards of a pool into one score file",
		Long: withExitStatus(`
Make of the files of "prunefuse score --shard", named in any order, the score
file that one run over the whole pool would have written, byte for byte. Shards
that are missing, there twice, not complete or of another run are named, and
nothing is written. Samples that the shards skipped are listed again.

Every strategy then works on the whole: those that rank by a score take the
score file, those that need features the embeddings as well:

  prunefuse merge part-*.jsonl -o scores.jsonl --embeddings emb.npy
  prunefuse select scores.jsonl --strategy k-center --embeddings emb.npy -k 1000`,
			exitOK, exitFailed, exitUsage, exitSkipped, exitInterrupted),
		Example: `  prunefuse merge part-*.jsonl -o scores.parquet`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageIn(cmd, errors.New("SHARD is missing"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runMerge(cmd.Context(), g, o, args)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func (o *mergeOptions) settle() error {
	if o.out.path == "" {
		return errors.New("name the file to write with --output (-o)")
	}
	if o.embeddings == stdStream || o.softmax == stdStream {
		return errors.New("--embeddings and --probabilities cannot go to stdout")
	}
	var err error
	if o.format, err = scoresFormat(o.format, o.out.path); err != nil {
		return err
	}
	return o.output().Check()
}

func (o *mergeOptions) output() job.Output {
	return job.Output{Scores: o.out.path, Format: scoring.Format(o.format), Features: o.embeddings, Probabilities: o.softmax}
}

// scoresFormat is the form of a score file by the flag --format, or by its name.
func scoresFormat(flag, path string) (string, error) {
	if flag == "" && path == stdStream {
		return string(scoring.JSONL), nil
	}
	f, err := scoring.ParseFormat(flag)
	if flag == "" {
		f, err = scoring.FormatOf(path)
	}
	return string(f), err
}

func runMerge(ctx context.Context, g *globals, o mergeOptions, paths []string) error {
	if err := o.out.check(o.embeddings, o.softmax); err != nil {
		return err
	}
	output := o.output()
	output.Stream = g.stdout
	r, err := job.Merge(ctx, paths, output, o.out.force)
	if errors.Is(err, job.ErrCut) {
		err = fmt.Errorf("%w with --resume", err)
	}
	if err != nil {
		return err
	}
	return o.report(g, r, len(paths))
}

// report says what was done, as that of score does.
func (o *mergeOptions) report(g *globals, r *job.Result, shards int) error {
	for _, s := range r.Skipped {
		g.note("skipped: %s", s.Error())
	}
	var err error
	switch {
	case g.json && o.out.path != stdStream:
		err = g.printJSON(struct {
			Schema     string          `json:"schema"`
			Scores     string          `json:"scores,omitempty"`
			Embeddings string          `json:"embeddings,omitempty"`
			Softmax    string          `json:"probabilities,omitempty"`
			Shards     int             `json:"shards"`
			Scored     int             `json:"scored"`
			Skipped    []skippedSample `json:"skipped"`
		}{"prunefuse.merge/1", o.out.path, o.embeddings, o.softmax, shards, r.Scored, skippedSamples(r.Skipped)})
	case o.out.path != stdStream:
		_, err = fmt.Fprintf(g.stdout, "%s: %s samples of %d shards\n", o.out.path, term.Count(int64(r.Scored)), shards)
	}
	if err == nil && len(r.Skipped) > 0 {
		err = &skippedError{len(r.Skipped), r.Total}
	}
	return err
}
