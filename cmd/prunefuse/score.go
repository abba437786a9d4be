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
	batch      batchFlag
}

func (o *scoreOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs, "the score `file` to write, a line a sample; - is stdout")
	fs.StringVar(&o.pool, "pool", "", "the unlabelled samples: a `name` or path, see above")
	fs.Var(&o.batch, "batch", "samples a batch: a `number`, or auto for what suits the model; scores do not depend on it")
	fs.StringVar(&o.embeddings, "embeddings", "", "write the input of the last layer, a row a sample, to an .npy `file`")
	o.choice.addFlags(fs)
	fs.StringVar(&o.choice.path, "selected", "", "write what --strategy chooses to a .jsonl or .txt `file` (default stdout)")
	fs.StringVar(&o.labelled, "labelled", "", "for k-center: the samples that have a label already: a `name` or path")
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

Samples are scored as they are: normalised as the model's metadata say, or by
--preset or --mean and --std, and never augmented. Samples that cannot be read
are listed on stderr and left out.

`+dataFormats+`

Strategies:
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
	case o.out.path == "" && o.choice.strategy == "" && o.embeddings == "":
		return errors.New("say what to write: --output (-o), --embeddings, or --strategy and -k")
	case o.choice.strategy == "" && o.choice.path != "":
		return errors.New("--selected needs --strategy and -k")
	case o.embeddings == stdStream:
		return errors.New("--embeddings cannot go to stdout")
	}
	if o.choice.strategy != "" {
		if err := o.choice.settle(); err != nil {
			return err
		}
	} else if o.choice.k != 0 {
		return errors.New("-k needs --strategy")
	}
	if o.labelled != "" && o.choice.strategy != strategyWithFeatures() {
		return fmt.Errorf("--labelled is for --strategy %s", strategyWithFeatures())
	}
	if o.out.path == stdStream && o.choice.strategy != "" && o.choice.path == stdStream {
		return errors.New("--output and --selected cannot both go to stdout")
	}
	return o.data.settle()
}

// scorer is one pass over a pool and what it leaves behind.
type scorer struct {
	g       *globals
	o       scoreOptions
	model   *scoring.Model
	head    scoring.Head
	pool    *data.Prepared
	skipped []scoring.Skipped
	scored  int
	elapsed time.Duration
}

func runScore(ctx context.Context, g *globals, o scoreOptions, path string) error {
	if o.choice.strategy != "" && o.choice.path == "" && o.out.path != stdStream {
		o.choice.path = stdStream
	}
	if o.choice.strategy != "" && o.choice.path == "" {
		return usagef("the scores go to stdout; name a file for the selection with --selected")
	}
	if err := o.out.check(o.choice.path, o.embeddings); err != nil {
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
	if o.choice.k > pool.Len() {
		return fmt.Errorf("choose %d of the %d samples of %s: %w", o.choice.k, pool.Len(), o.pool, scoring.ErrTooFew)
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
	if o.choice.strategy != "" {
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

// open makes a session of the model that gives what the command asks for.
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
	s.model, err = scoring.NewModel(ctx, m, mo)
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
	return s.o.embeddings != "" || s.o.choice.strategy == strategyWithFeatures()
}

// pass scores the pool, writes scores and embeddings as they come, and
// returns the choice.
func (s *scorer) pass(ctx context.Context, m *onnxio.Model, out *outputs) (chosen []scoring.Selected, err error) {
	centres, err := s.centres(ctx, m)
	if err != nil {
		return nil, err
	}
	t := s.g.terminal(ctx)
	defer t.Close()
	begin := time.Now()
	err = out.stream([]string{s.o.out.path, s.o.embeddings}, func(w []io.Writer) error {
		records := s.records(ctx, t, w[0], w[1])
		if s.o.choice.strategy == "" {
			for _, err := range records {
				if err != nil {
					return err
				}
			}
			return nil
		}
		chosen, err = s.o.choice.choose(ctx, records, s.g.seed, centres)
		return err
	})
	s.elapsed = time.Since(begin)
	return chosen, err
}

// records are those of a pass over the pool, written on their way to the
// files that are asked for.
func (s *scorer) records(ctx context.Context, t *term.Term, scores, embeddings io.Writer) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		bar := t.Bar("score", int64(s.pool.Len()), "samples")
		defer bar.Done()
		o := scoring.Options{
			Batch: int(s.o.batch), Seed: s.g.seed, Probabilities: s.head.Probabilities, Features: s.features(),
			Skip: func(sk scoring.Skipped) {
				s.skipped = append(s.skipped, sk)
				_, _ = fmt.Fprintf(t, "skipped: %s\n", oneLine(sk.Error()))
			},
			Progress: counter(bar),
		}
		sink, err := newRecordSink(scores, embeddings, s.pool.Len(), s.model.FeatureLen())
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

// centres are the features of the samples that k-center starts from.
func (s *scorer) centres(ctx context.Context, m *onnxio.Model) (scoring.Features, error) {
	f := scoring.Features{Dim: s.model.FeatureLen()}
	if s.o.labelled == "" {
		return f, nil
	}
	whole := s.o.data
	whole.only, whole.exclude, whole.labels = "", "", ""
	set, err := samples(s.g, whole, s.o.labelled, m)
	if err != nil {
		return f, err
	}
	defer data.Close(set.Set)
	t := s.g.terminal(ctx)
	defer t.Close()
	bar := t.Bar("labelled", int64(set.Len()), "samples")
	defer bar.Done()
	o := scoring.Options{Batch: int(s.o.batch), Features: true, Probabilities: s.head.Probabilities, Progress: counter(bar)}
	for r, err := range scoring.Score(ctx, s.model, set, o) {
		if err != nil {
			return f, fmt.Errorf("%s: %w", s.o.labelled, err)
		}
		f.Data = append(f.Data, r.Features...)
	}
	return f, nil
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
			Selected   string          `json:"selected,omitempty"`
			Scored     int             `json:"scored"`
			Skipped    []skippedSample `json:"skipped"`
			Seconds    float64         `json:"seconds"`
		}{"prunefuse.score.summary/1", s.o.pool, s.o.out.path, s.o.embeddings, s.o.choice.path, s.scored, skipped, s.elapsed.Seconds()})
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
	for _, path := range []string{s.o.out.path, s.o.embeddings, s.o.choice.path} {
		if path != "" {
			files = append(files, path)
		}
	}
	return ": " + strings.Join(files, ", ")
}
