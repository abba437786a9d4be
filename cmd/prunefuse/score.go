package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/job"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

type scoreOptions struct {
	out        outputOptions
	data       dataOptions
	choice     choiceOptions
	pool       specList
	labelled   specList
	embeddings string
	softmax    string
	passes     int
	committee  []string
	batch      batchFlag
	format     string
	shardText  string
	shard      job.Shard
	resume     bool
}

func (o *scoreOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the score `file` to write, .jsonl, .csv or .parquet; - is stdout")
	fs.StringVar(&o.format, "format", "", "`form` of --output: jsonl, csv or parquet; empty goes by the file's name")
	fs.Var(&o.pool, "pool", "the unlabelled samples: a `name` or path, see above; may be repeated")
	fs.Var(&o.batch, "batch", "samples a batch: a `number`, or auto for what suits the model; scores do not depend on it")
	fs.StringVar(&o.embeddings, "embeddings", "", "write the input of the last layer, a row a sample, to an .npy `file`")
	fs.StringVar(&o.softmax, "probabilities", "", "write the class probabilities, a row a sample, to an .npy `file`")
	fs.IntVar(&o.passes, "passes", 0, "score by the mean of `T` passes with Dropout on, and by how they differ")
	fs.StringSliceVar(&o.committee, "committee", nil, "more `models`: score by the mean of MODEL and these, and by how they differ")
	fs.StringVar(&o.shardText, "shard", "", "score only part `I/N` of the pool; auto or auto/N takes I from the scheduler")
	fs.BoolVar(&o.resume, "resume", false, "go on where an interrupted run of the same command stopped, if there was one")
	o.choice.addFlags(fs, "selected-format")
	fs.StringVar(&o.choice.path, "selected", "", "write what --strategy chooses to a .jsonl or .txt `file` (default stdout)")
	fs.Var(&o.labelled, "labelled", "the samples that have a label already, for strategies that look at them: a `name` or path; may be repeated")
	o.data.addFlags(fs)
	o.data.addSubsetFlags(fs)
	o.data.addHeadFlag(fs)
}

func newScoreCommand(g *globals) *cobra.Command {
	var o scoreOptions
	cmd := &cobra.Command{
		Use:     "score MODEL --pool POOL [-o FILE] [--strategy S -k N]",
		GroupID: groupData,
		Short:   "Score every sample of a pool, and choose what to label",
		Long: withExitStatus(`
Run a classifier over a pool and write, for every sample, the predicted class
and all measures of uncertainty, as JSON lines, CSV or Parquet. With --strategy
and -k the same pass chooses the samples to label; "prunefuse select" does so
later from the score file.

With --passes the model is asked several times with its Dropout on, with
--committee several models are asked once: scores are then of their mean, and
bald, mean-std, variation-ratio, vote-entropy and consensus-kl of how far they
differ.

Samples are scored as they are: normalised as the model's metadata say, or by
--preset or --mean and --std, and never augmented. Samples that cannot be read
are listed on stderr and left out.

An interrupted run leaves FILE.partial beside its output, from which --resume
goes on; the files in the end are those of a run that was not interrupted.

With --shard I/N, counted from 1, each of N runs scores its part of the pool, on
any number of machines; {shard} in a file's name stands for I. "prunefuse merge"
makes of their files the ones that a single run would have written. "auto" asks
Slurm and AWS Batch which shard this is; Kubernetes does not say how many there
are, so it needs "auto/N". To choose needs the whole pool: merge, then select.

`+dataFormats+`

`+strategiesHelp(),
			exitOK, exitFailed, exitUsage, exitSkipped, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse score selector.onnx --pool images/ -o scores.jsonl
  prunefuse score selector.onnx --pool images/ --strategy margin -k 1000 --selected batch.txt
  prunefuse score selector.onnx --pool images/ --strategy badge -k 1000 --selected batch.jsonl
  prunefuse score a.onnx --committee b.onnx,c.onnx --pool images/ --strategy bald -k 100
  prunefuse score selector.onnx --pool images/ --shard auto/8 --resume -o 'part-{shard}.jsonl'`,
		Args: exactArgs("MODEL"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.settle(); err != nil {
				return usageIn(cmd, err)
			}
			return runScore(cmd.Context(), g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	rename(cmd.Flags(), map[string]string{"scores-format": "format"})
	completeStrategies(cmd)
	return cmd
}

func (o *scoreOptions) settle() error {
	switch {
	case o.pool == nil:
		return errors.New("name the samples with --pool")
	case o.out.path == "" && !o.choice.chooses() && o.embeddings == "" && o.softmax == "":
		return errors.New("say what to write: --output (-o), --embeddings, --probabilities, or --strategy and -k")
	case !o.choice.chooses() && o.choice.path != "":
		return errors.New("--selected needs --strategy and -k")
	case o.embeddings == stdStream || o.softmax == stdStream:
		return errors.New("--embeddings and --probabilities cannot go to stdout")
	case o.passes < 0 || o.passes == 1:
		return fmt.Errorf("--passes %d: opinions can differ from 2 on", o.passes)
	case o.passes > 0 && len(o.committee) > 0:
		return errors.New("--passes and --committee exclude each other")
	case !o.choice.chooses() && o.choice.choice.K != 0:
		return errors.New("-k needs --strategy")
	case !o.choice.chooses() && o.labelled != nil:
		return errors.New("--labelled needs --strategy")
	}
	if o.choice.chooses() {
		if err := o.settleChoice(); err != nil {
			return err
		}
	}
	var err error
	if o.format != "" && o.out.path == "" {
		return errors.New("--format is the form of --output; that of the selection is --selected-format")
	}
	if o.format, err = scoresFormat(o.format, o.out.path); err != nil {
		return err
	}
	if err := o.settleShard(); err != nil {
		return err
	}
	return o.data.settle()
}

// settleChoice checks what is chosen, and that the measures that it goes by are
// computed.
func (o *scoreOptions) settleChoice() error {
	if o.choice.path == "" && o.out.path == stdStream {
		return errors.New("the scores go to stdout; name a file for the selection with --selected")
	}
	if o.choice.path == "" {
		o.choice.path = stdStream
	}
	if o.out.path == stdStream && o.choice.path == stdStream {
		return errors.New("--output and --selected cannot both go to stdout")
	}
	if err := o.choice.settle(); err != nil {
		return err
	}
	switch use := o.choice.chooser.Labelled; {
	case o.labelled != nil && use == selection.Unused:
		return fmt.Errorf("--labelled: strategy %q makes no use of the labelled set", o.choice.choice.Strategy)
	case o.labelled == nil && use == selection.Required:
		return fmt.Errorf("strategy %q needs the labelled set: name it with --labelled", o.choice.choice.Strategy)
	}
	if o.choice.chooser.Measure == "" {
		return nil
	}
	m, err := scoring.MeasureNamed(o.choice.chooser.Measure)
	switch {
	case err != nil:
		return err
	case m.Source == scoring.FromMembers && o.passes == 0 && len(o.committee) == 0:
		return fmt.Errorf("measure %q needs several opinions of each sample: --passes T with Dropout on, or --committee", m.Name)
	case m.Source == scoring.FromTraining:
		return fmt.Errorf("measure %q comes out of training: select from the file that train --dynamics wrote", m.Name)
	}
	return nil
}

// settleShard checks the flags of a pass over a stretch of a pool, and of one that
// goes on.
func (o *scoreOptions) settleShard() (err error) {
	if o.shard, err = job.ParseShard(o.shardText, os.Getenv); err != nil {
		return fmt.Errorf("--shard: %w", err)
	}
	sharded := o.shard.N > 0
	marked := func(path string) bool { return strings.Contains(path, job.ShardMark) }
	switch {
	case sharded && (o.out.path == "" || o.out.path == stdStream):
		return errors.New("--shard needs a file for the scores: --output (-o)")
	case sharded && scoring.Format(o.format) != scoring.JSONL:
		return fmt.Errorf("a shard is written as jsonl, not as %s; merge writes any form", o.format)
	case sharded && o.choice.chooses():
		return errors.New("--strategy needs the whole pool: score all shards, fold them with \"prunefuse merge\" and use \"prunefuse select\"")
	case !sharded && (marked(o.out.path) || marked(o.embeddings) || marked(o.softmax)):
		return fmt.Errorf("%s in a file's name needs --shard", job.ShardMark)
	}
	for _, path := range []*string{&o.out.path, &o.embeddings, &o.softmax} {
		*path = o.shard.Path(*path)
	}
	task := o.task()
	if err := task.Output.Check(); err != nil {
		return err
	}
	if o.resume && task.JournalPath() == "" {
		return errors.New("--resume needs a file beside which the interrupted run left its own: --output (-o), --embeddings, --probabilities or --selected")
	}
	return nil
}

// task is what the flags say of the run.
func (o *scoreOptions) task() job.Task {
	t := job.Task{
		Output: job.Output{
			Scores: o.out.path, Format: scoring.Format(o.format), Features: o.embeddings, Probabilities: o.softmax,
			Selection: o.choice.path, SelectionFormat: selection.Format(o.choice.format),
		},
		Choice: o.choice.choice,
	}
	t.Shard, t.Batch, t.Passes, t.Resume, t.Replace = o.shard, int(o.batch), o.passes, o.resume, o.out.force
	return t
}

func runScore(ctx context.Context, g *globals, o scoreOptions, path string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(scoring.HeapPercent))
	t := o.task()
	t.Output.Stream, t.Seed, t.Session = g.stdout, g.seed, g.session()
	if err := o.checkOutputs(&t); err != nil {
		return err
	}
	var err error
	if t.Model, err = onnxio.Load(path); err != nil {
		return err
	}
	for _, member := range o.committee {
		m, err := onnxio.Load(member)
		if err != nil {
			return err
		}
		t.Committee = append(t.Committee, job.Member{Name: member, Model: m})
	}
	if _, err := o.data.classScores(g, t.Model); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	t.Head = o.data.head
	pool, err := o.data.samples(g, o.pool, t.Model)
	if err != nil {
		return err
	}
	defer data.Close(pool.Set)
	t.Pool = pool
	if o.labelled != nil {
		labelled, err := o.data.ofOthers().samples(g, o.labelled, t.Model)
		if err != nil {
			return err
		}
		defer data.Close(labelled.Set)
		t.Labelled, t.LabelledName = labelled, o.labelled.String()
	}
	if t.NeedsNetwork() {
		if err := g.startRuntime(ctx); err != nil {
			return err
		}
	}
	done, err := g.scorePool(ctx, t)
	if err != nil {
		return o.explain(ctx, t, path, err)
	}
	return o.report(g, done)
}

// checkOutputs refuses outputs that cannot be written, and those that exist, but
// for those of a run that this one goes on from.
func (o *scoreOptions) checkOutputs(t *job.Task) error {
	out := o.out
	journal := t.JournalPath()
	complete := o.shard.N > 0 && fileSize(o.out.path) > 0
	out.force = out.force || o.resume && (complete || journal != "" && fileSize(journal) > 0)
	return out.check(o.choice.path, o.embeddings, o.softmax)
}

// scorePool runs a task with a bar for each of its stages.
func (g *globals) scorePool(ctx context.Context, t job.Task) (*job.Result, error) {
	display := g.terminal(ctx)
	defer display.Close()
	stages := term.Stages{Term: display}
	defer stages.End()
	t.Progress = func(stage string, done, total int) { stages.Progress(stage, int64(done), int64(total), "samples", "") }
	t.Skip = func(s scoring.Skipped) { _, _ = fmt.Fprintf(display, "skipped: %s\n", oneLine(s.Error())) }
	t.Note = func(text string) { g.note("%s", text) }
	return job.Run(ctx, t)
}

// explain names the model or the flag that an error is about.
func (o *scoreOptions) explain(ctx context.Context, t job.Task, path string, err error) error {
	var (
		opening *job.OpenError
		stopped *job.StoppedError
	)
	switch {
	case errors.As(err, &stopped):
		if ctx.Err() != nil {
			stopped.Err = errInterrupted
		}
		return fmt.Errorf("%w after %d of %d samples; the same command with --resume goes on from %s",
			stopped.Err, stopped.Done, stopped.Total, stopped.Journal)
	case errors.As(err, &opening):
		return fmt.Errorf("%s: %w", path, op.Blame(t.Model, err))
	case errors.Is(err, job.ErrJournalExists):
		return fmt.Errorf("%w: --resume goes on from it, --force (-f) starts anew", err)
	case errors.Is(err, job.ErrOtherRun):
		return fmt.Errorf("%w; --force (-f) without --resume starts anew", err)
	case errors.Is(err, atomicfile.ErrExists):
		return fmt.Errorf("%w; --force (-f) replaces it", err)
	case errors.Is(err, job.ErrNothingScored), errors.Is(err, selection.ErrTooFew):
		return fmt.Errorf("%v: %w", &o.pool, err)
	}
	return err
}
