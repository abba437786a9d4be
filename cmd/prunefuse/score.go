package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/scoring"
)

type scoreOptions struct {
	out        outputOptions
	data       dataOptions
	choice     choiceOptions
	pool       string
	labelled   string
	embeddings string
	softmax    string
	passes     int
	committee  []string
	batch      batchFlag
}

func (o *scoreOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the score `file` to write, a line a sample; - is stdout")
	fs.StringVar(&o.pool, "pool", "", "the unlabelled samples: a `name` or path, see above")
	fs.Var(&o.batch, "batch", "samples a batch: a `number`, or auto for what suits the model; scores do not depend on it")
	fs.StringVar(&o.embeddings, "embeddings", "", "write the input of the last layer, a row a sample, to an .npy `file`")
	fs.StringVar(&o.softmax, "probabilities", "", "write the class probabilities, a row a sample, to an .npy `file`")
	fs.IntVar(&o.passes, "passes", 0, "score by the mean of `T` passes with Dropout on, and by how they differ")
	fs.StringSliceVar(&o.committee, "committee", nil, "more `models`: score by the mean of MODEL and these, and by how they differ")
	o.choice.addFlags(fs)
	fs.StringVar(&o.choice.path, "selected", "", "write what --strategy chooses to a .jsonl or .txt `file` (default stdout)")
	fs.StringVar(&o.labelled, "labelled", "", "the samples that have a label already, for strategies that look at them: a `name` or path")
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
and all measures of uncertainty, as JSON lines. With --strategy and -k the same
pass chooses the samples to label; "prunefuse select" does so later from the
score file.

With --passes the model is asked several times with its Dropout on, with
--committee several models are asked once: scores are then of their mean, and
bald, mean-std, variation-ratio, vote-entropy and consensus-kl of how far they
differ.

Samples are scored as they are: normalised as the model's metadata say, or by
--preset or --mean and --std, and never augmented. Samples that cannot be read
are listed on stderr and left out.

`+dataFormats+`

`+strategiesHelp(),
			exitOK, exitFailed, exitUsage, exitSkipped, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse score selector.onnx --pool images/ -o scores.jsonl
  prunefuse score selector.onnx --pool images/ --strategy margin -k 1000 --selected batch.txt`,
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
	case o.pool == "":
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
	case o.labelled != "" && use == scoring.Unused:
		return fmt.Errorf("--labelled: strategy %q makes no use of the labelled set", o.choice.choice.Strategy)
	case o.labelled == "" && use == scoring.Required:
		return fmt.Errorf("strategy %q needs the labelled set: name it with --labelled", o.choice.choice.Strategy)
	}
	if o.out.path == stdStream && o.choice.chooses() && o.choice.path == stdStream {
		return errors.New("--output and --selected cannot both go to stdout")
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
	skipped []scoring.Skipped
	scored  int
	elapsed time.Duration
}

func runScore(ctx context.Context, g *globals, o scoreOptions, path string) error {
	if o.choice.chooses() && o.choice.path == "" && o.out.path != stdStream {
		o.choice.path = stdStream
	}
	if o.choice.chooses() && o.choice.path == "" {
		return usagef("the scores go to stdout; name a file for the selection with --selected")
	}
	if err := o.out.check(o.choice.path, o.embeddings, o.softmax); err != nil {
		return err
	}
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	pool, err := samples(g, o.data, o.pool, m)
	if err != nil {
		return err
	}
	defer data.Close(pool.Set)
	if o.choice.choice.K > pool.Len() {
		return fmt.Errorf("choose %d of the %d samples of %s: %w", o.choice.choice.K, pool.Len(), o.pool, scoring.ErrTooFew)
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	s := &scorer{g: g, o: o, pool: pool}
	if err := s.open(ctx, m); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer s.model.Close()
	out := outputs{stdout: g.stdout}
	defer out.discard()
	chosen, err := s.pass(ctx, m, &out)
	if err != nil {
		return err
	}
	if s.scored == 0 {
		return fmt.Errorf("%s: not one sample could be scored; the first: %w", o.pool, s.skipped[0])
	}
	if o.choice.chooses() {
		if err := o.choice.write(&out, chosen); err != nil {
			return err
		}
	}
	if err := out.commit(); err != nil {
		return err
	}
	return s.report()
}

// samples opens a set as the model takes it.
func samples(g *globals, o dataOptions, spec string, m *onnxio.Model) (*data.Prepared, error) {
	set, err := o.open(spec, m)
	if err != nil {
		return nil, err
	}
	p, err := o.prepare(g, set, m)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("data %s: %w", spec, err), data.Close(set))
	}
	return p, nil
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
	if input := sampleShape(m); len(input) != len(shape) {
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

// pass scores the pool, writes scores and embeddings as they come, and
// returns the choice.
func (s *scorer) pass(ctx context.Context, m *onnxio.Model, out *outputs) (chosen []scoring.Selected, err error) {
	labelled, err := s.labelled(ctx, m)
	if err != nil {
		return nil, err
	}
	t := s.g.terminal(ctx)
	defer t.Close()
	begin := time.Now()
	err = out.stream([]string{s.o.out.path, s.o.embeddings, s.o.softmax}, func(w []io.Writer) error {
		records := s.records(ctx, t, w)
		if !s.o.choice.chooses() {
			for _, err := range records {
				if err != nil {
					return err
				}
			}
			return nil
		}
		chosen, err = s.o.choice.choose(ctx, records, s.g.seed, labelled)
		return err
	})
	s.elapsed = time.Since(begin)
	return chosen, err
}

// records are those of a pass over the pool, written on their way to the
// files that are asked for.
func (s *scorer) records(ctx context.Context, t *term.Term, files []io.Writer) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		bar := t.Bar("score", int64(s.pool.Len()), "samples")
		defer bar.Done()
		o := scoring.Options{
			Batch: int(s.o.batch), Seed: s.g.seed, Probabilities: s.head.Probabilities,
			Features: s.features(), Distribution: s.distribution(),
			Skip: func(sk scoring.Skipped) {
				s.skipped = append(s.skipped, sk)
				_, _ = fmt.Fprintf(t, "skipped: %s\n", oneLine(sk.Error()))
			},
			Progress: counter(bar),
		}
		sink, err := newRecordSink(files, s.pool.Len(), s.model)
		if err != nil {
			yield(scoring.Record{}, err)
			return
		}
		for r, err := range scoring.Score(ctx, s.model, s.pool, o) {
			if err == nil {
				s.scored++
				err = sink.put(r)
			}
			if err != nil {
				yield(scoring.Record{}, err)
				return
			}
			if !yield(r, nil) {
				return
			}
		}
		if err := sink.end(); err != nil {
			yield(scoring.Record{}, err)
		}
	}
}

// counter turns "so many are done" into steps of a bar.
func counter(bar *term.Bar) func(done, total int) {
	last := 0
	return func(done, _ int) {
		bar.Add(int64(done - last))
		last = done
	}
}

// labelled is what the strategy makes use of of the samples that have a label.
func (s *scorer) labelled(ctx context.Context, m *onnxio.Model) (scoring.Candidates, error) {
	if s.o.labelled == "" {
		return scoring.Candidates{}, nil
	}
	whole := s.o.data
	whole.only, whole.exclude, whole.labels = "", "", ""
	set, err := samples(s.g, whole, s.o.labelled, m)
	if err != nil {
		return scoring.Candidates{}, err
	}
	defer data.Close(set.Set)
	t := s.g.terminal(ctx)
	defer t.Close()
	bar := t.Bar("labelled", int64(set.Len()), "samples")
	defer bar.Done()
	o := scoring.Options{
		Batch: int(s.o.batch), Probabilities: s.head.Probabilities, Progress: counter(bar),
		Features: s.features(), Distribution: s.distribution(),
	}
	c, err := scoring.Gather(scoring.Score(ctx, s.model, set, o), s.o.choice.chooser.Needs)
	if err != nil {
		return scoring.Candidates{}, fmt.Errorf("%s: %w", s.o.labelled, err)
	}
	return *c, nil
}

type skippedSample struct {
	Index  int    `json:"index"`
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// report says what was done. Samples that were skipped are an error of their
// own kind.
func (s *scorer) report() error {
	var err error
	switch stdoutTaken := s.o.out.path == stdStream || s.o.choice.path == stdStream; {
	case s.g.json && !stdoutTaken:
		skipped := []skippedSample{}
		for _, sk := range s.skipped {
			skipped = append(skipped, skippedSample{sk.Index, sk.ID, sk.Err.Error()})
		}
		err = s.g.printJSON(struct {
			Schema     string          `json:"schema"`
			Pool       string          `json:"pool"`
			Scores     string          `json:"scores,omitempty"`
			Embeddings string          `json:"embeddings,omitempty"`
			Softmax    string          `json:"probabilities,omitempty"`
			Selected   string          `json:"selected,omitempty"`
			Scored     int             `json:"scored"`
			Skipped    []skippedSample `json:"skipped"`
			Seconds    float64         `json:"seconds"`
		}{"prunefuse.score.summary/1", s.o.pool, s.o.out.path, s.o.embeddings, s.o.softmax, s.o.choice.path, s.scored, skipped, s.elapsed.Seconds()})
	case !stdoutTaken:
		_, err = fmt.Fprintf(s.g.stdout, "%s: %s samples scored in %s (%s a second)%s\n", s.o.pool, term.Count(int64(s.scored)),
			term.Duration(s.elapsed), term.Count(int64(float64(s.scored)/s.elapsed.Seconds())), s.written())
	}
	if err == nil && len(s.skipped) > 0 {
		err = &skippedError{len(s.skipped), s.pool.Len()}
	}
	return err
}

func (s *scorer) written() string {
	var files []string
	for _, path := range []string{s.o.out.path, s.o.embeddings, s.o.softmax, s.o.choice.path} {
		if path != "" {
			files = append(files, path)
		}
	}
	return ": " + strings.Join(files, ", ")
}
