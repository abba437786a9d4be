package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/scoring"
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
	shard      shardOption
	resume     bool
}

func (o *scoreOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the score `file` to write, .jsonl, .csv or .parquet; - is stdout")
	fs.StringVar(&o.format, "scores-format", "", "`form` of --output: jsonl, csv or parquet; empty goes by the file's name")
	fs.Var(&o.pool, "pool", "the unlabelled samples: a `name` or path, see above; may be repeated")
	fs.Var(&o.batch, "batch", "samples a batch: a `number`, or auto for what suits the model; scores do not depend on it")
	fs.StringVar(&o.embeddings, "embeddings", "", "write the input of the last layer, a row a sample, to an .npy `file`")
	fs.StringVar(&o.softmax, "probabilities", "", "write the class probabilities, a row a sample, to an .npy `file`")
	fs.IntVar(&o.passes, "passes", 0, "score by the mean of `T` passes with Dropout on, and by how they differ")
	fs.StringSliceVar(&o.committee, "committee", nil, "more `models`: score by the mean of MODEL and these, and by how they differ")
	fs.StringVar(&o.shardText, "shard", "", "score only part `I/N` of the pool; auto or auto/N takes I from the scheduler")
	fs.BoolVar(&o.resume, "resume", false, "go on where an interrupted run of the same command stopped, if there was one")
	o.choice.addFlags(fs)
	fs.StringVar(&o.choice.path, "selected", "", "write what --strategy chooses to a .jsonl or .txt `file` (default stdout)")
	fs.Var(&o.labelled, "labelled", "the samples that have a label already, for strategies that look at them: a `name` or path; may be repeated")
	o.data.addFlags(fs)
	o.data.addSubsetFlags(fs)
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
	}
	if o.choice.chooses() {
		if err := o.choice.settle(); err != nil {
			return err
		}
		if err := o.opinions(); err != nil {
			return err
		}
	} else if o.choice.choice.K != 0 {
		return errors.New("-k needs --strategy")
	}
	switch use := o.choice.chooser.Labelled; {
	case o.labelled != nil && use == selection.Unused:
		return fmt.Errorf("--labelled: strategy %q makes no use of the labelled set", o.choice.choice.Strategy)
	case o.labelled == nil && use == selection.Required:
		return fmt.Errorf("strategy %q needs the labelled set: name it with --labelled", o.choice.choice.Strategy)
	}
	if o.out.path == stdStream && o.choice.chooses() && o.choice.path == stdStream {
		return errors.New("--output and --selected cannot both go to stdout")
	}
	if o.format == "" {
		o.format = string(scoring.FormatOf(o.out.path))
	}
	if _, err := scoring.ParseFormat(o.format); err != nil {
		return fmt.Errorf("--scores-format: %w", err)
	}
	if err := o.settleShard(); err != nil {
		return err
	}
	return o.data.settle()
}

// opinions checks that a measure of several opinions has them.
func (o *scoreOptions) opinions() error {
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

// scorer is one pass over a pool and what it leaves behind.
type scorer struct {
	g       *globals
	o       scoreOptions
	model   classifier
	head    scoring.Head
	pool    *data.Prepared
	journal *journal // nil where there is no file to keep one beside
	first   int      // the samples to score
	end     int
	skipped []scoring.Skipped
	scored  int
	elapsed time.Duration
}

func runScore(ctx context.Context, g *globals, o scoreOptions, path string) error {
	defer debug.SetGCPercent(debug.SetGCPercent(scoring.HeapPercent))
	if o.choice.chooses() && o.choice.path == "" && o.out.path != stdStream {
		o.choice.path = stdStream
	}
	if o.choice.chooses() && o.choice.path == "" {
		return usagef("the scores go to stdout; name a file for the selection with --selected")
	}
	for _, path := range []*string{&o.out.path, &o.embeddings, &o.softmax} {
		*path = o.shard.path(*path)
	}
	complete := o.shard.n > 0 && o.resume && !o.out.force && fileSize(o.out.path) > 0
	if err := o.checkOutputs(); err != nil && !complete {
		return err
	}
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	pool, err := o.data.samples(g, o.pool, m)
	if err != nil {
		return err
	}
	defer data.Close(pool.Set)
	if o.choice.choice.K > pool.Len() {
		return fmt.Errorf("choose %d of the %d samples of %v: %w", o.choice.choice.K, pool.Len(), &o.pool, selection.ErrTooFew)
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	s := &scorer{g: g, o: o, pool: pool}
	s.first, s.end = o.shard.in(pool.Len())
	if err := s.open(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer s.model.Close()
	if complete {
		return s.already(m)
	}
	if err := s.openJournal(m); err != nil {
		return err
	}
	if err := s.run(ctx, m); err != nil {
		return s.left(ctx, err)
	}
	if s.journal != nil {
		s.journal.remove()
	}
	return s.report()
}

// run makes the pass and the files that are asked for.
func (s *scorer) run(ctx context.Context, m *onnxio.Model) error {
	out := outputs{stdout: s.g.stdout}
	defer out.discard()
	chosen, err := s.pass(ctx, m, &out)
	if err != nil {
		return err
	}
	if s.scored == 0 && s.o.shard.n == 0 {
		s.dropJournal()
		return fmt.Errorf("%v: not one sample could be scored; the first: %w", &s.o.pool, s.skipped[0])
	}
	if s.o.choice.chooses() {
		if err := s.o.choice.write(&out, chosen); err != nil {
			return err
		}
	}
	if s.journal != nil {
		if err := s.journal.end(); err != nil {
			return err
		}
	}
	if err := out.commit(); err != nil {
		return err
	}
	if s.o.shard.n > 0 {
		return s.journal.keep(s.o.out.path)
	}
	return nil
}

// open makes sessions that give what the command asks for.
func (s *scorer) open(ctx context.Context, m *onnxio.Model) error {
	mo := scoring.ModelOptions{Session: s.g.session(), Sample: modelSample(m, s.pool.Shape())}
	head, err := scoring.FindHead(m.Graph, "")
	if err != nil && s.features() {
		return err
	}
	s.head = head
	if s.features() {
		mo.Features = head.Features
	}
	s.model, err = openClassifier(ctx, s.g, s.o, m, mo, head)
	return unsupported(m, err)
}

// modelSample is the shape of a sample in the form the model's input has.
func modelSample(m *onnxio.Model, shape []int) []int {
	if input := data.InputShape(m); len(input) != len(shape) {
		return nil
	}
	return shape
}

func (s *scorer) features() bool {
	return s.o.embeddings != "" || s.o.choice.chooser.Features
}

// distribution reports whether the class probabilities are kept.
func (s *scorer) distribution() bool {
	return s.o.softmax != "" || s.o.choice.chooser.Probabilities
}
