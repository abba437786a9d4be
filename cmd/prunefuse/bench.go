package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/cmd/prunefuse/internal/show"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/latency"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

type benchOptions struct {
	batches []int64
	threads []int
	shapes  inputShapeOptions
	seconds float64
	runs    int
	warmUp  int
}

func (o *benchOptions) addFlags(fs *pflag.FlagSet) {
	fs.Int64SliceVar(&o.batches, "batch", nil, "batch `sizes` to measure, such as 1,32; the default is 1, or what the model fixes")
	fs.Lookup("batch").DefValue = ""
	fs.IntSliceVar(&o.threads, "threads-list", nil, "`numbers` of threads to measure at, such as 1,2, instead of the one of --threads")
	o.shapes.addFlags(fs)
	fs.Float64Var(&o.seconds, "seconds", 4, "time to measure for, at each batch size and number of threads")
	fs.IntVar(&o.runs, "runs", 0, "measured runs of each model instead of --seconds; 0 is none")
	fs.IntVar(&o.warmUp, "warm-up", 3, "runs of each model before any is measured")
}

func newBenchCommand(g *globals) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:     "bench A [B]",
		GroupID: groupModels,
		Short:   "Measure how fast a network is, or two side by side",
		Long: withExitStatus(`
Measure the latency and throughput of a network in ONNX Runtime on this machine,
and compare it with another's: say, what a prune bought.

The two take turns, and the order turns around with every round, so that whatever
else the machine does falls on both. Shown are the median time of one run, the 5th
and the 95th percentile, and samples a second at the median. "B/A" is the median
over the rounds of B's time divided by A's, for each sample, with its 95 % confidence
interval, which takes six runs. Opening a model is not in the times. Inputs are random.`,
			exitOK, exitFailed, exitUsage, exitNoRuntime, exitUnsupported, exitInterrupted),
		Example: `  prunefuse bench dense.onnx small.onnx --batch 1,32 --threads-list 1,2
  prunefuse bench model.onnx --input-shape image:1,3,480,640 --runs 100`,
		Args: func(cmd *cobra.Command, args []string) error {
			names := []string{"A", "B"}
			return exactArgs(names[:min(max(len(args), 1), 2)]...)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := o.settle(cmd.Flags(), g)
			if err != nil {
				return usageIn(cmd, err)
			}
			return runBench(cmd.Context(), g, m, args)
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

// settings are what bench measures at: every batch size with every number of
// threads.
type settings struct {
	latency.Options
	batches []int64
	threads []int
}

func (o *benchOptions) settle(fs *pflag.FlagSet, g *globals) (*settings, error) {
	switch {
	case fs.Changed("threads-list") && fs.Changed("threads"):
		return nil, errors.New("--threads-list and --threads exclude each other")
	case fs.Changed("runs") && fs.Changed("seconds"):
		return nil, errors.New("--runs and --seconds exclude each other")
	case o.runs < 0 || fs.Changed("runs") && o.runs == 0:
		return nil, fmt.Errorf("--runs %d: want at least 1", o.runs)
	case !(o.seconds > 0 && o.seconds <= math.MaxInt32):
		return nil, fmt.Errorf("--seconds %v: want more than 0", o.seconds)
	case o.warmUp < 1:
		return nil, fmt.Errorf("--warm-up %d: want at least 1", o.warmUp)
	}
	for _, b := range o.batches {
		if b < 1 {
			return nil, fmt.Errorf("--batch %d: want at least 1", b)
		}
	}
	for _, t := range o.threads {
		if t < 1 {
			return nil, fmt.Errorf("--threads-list %d: want at least 1", t)
		}
	}
	if err := o.shapes.settle(); err != nil {
		return nil, err
	}
	s := &settings{batches: o.batches, threads: o.threads}
	if len(s.batches) == 0 {
		s.batches = []int64{0}
	}
	if len(s.threads) == 0 {
		s.threads = []int{g.session().Threads}
	}
	s.Options = latency.Options{
		Session: g.session(), WarmUp: o.warmUp, Rounds: o.runs, Seed: g.seed,
		Budget: max(1, time.Duration(o.seconds*float64(time.Second))), Shapes: o.shapes.shapes,
	}
	return s, nil
}

func runBench(ctx context.Context, g *globals, s *settings, paths []string) error {
	out := &show.Bench{Schema: "prunefuse.bench/1", Provider: s.Session.Provider}
	var loaded []*onnxio.Model
	var candidates []latency.Candidate
	for _, path := range paths {
		m, err := onnxio.Load(path)
		if err != nil {
			return err
		}
		size, err := op.SizeOf(m, s.Shapes.Of(m.Graph.Inputs()))
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		size.Bytes = fileBytes(path, m)
		loaded = append(loaded, m)
		candidates = append(candidates, latency.Candidate{Name: path, Path: path})
		out.Models = append(out.Models, show.BenchModel{File: path, Size: size})
	}
	if len(loaded) == 2 {
		if err := out.CompareMACs(loaded[0], loaded[1], s.Shapes); err != nil {
			return err
		}
	}
	if err := g.startRuntime(ctx); err != nil {
		return err
	}
	out.Runtime = ort.Describe().Version
	var err error
	if out.Measurements, err = measureAll(ctx, g, s, candidates); err != nil {
		for _, m := range loaded {
			err = op.Blame(m, err)
		}
		return err
	}
	if g.json {
		return g.printJSON(out)
	}
	return out.Print(g.stdout)
}

// measureAll measures at every batch and number of threads.
func measureAll(ctx context.Context, g *globals, s *settings, candidates []latency.Candidate) (out []latency.Measurement, err error) {
	t := g.terminal(ctx)
	defer t.Close()
	var bar *term.Bar
	if n := len(s.batches) * len(s.threads); n > 1 {
		bar = t.Bar("measure", int64(n), "settings")
		defer bar.Done()
	}
	for _, batch := range s.batches {
		for _, threads := range s.threads {
			o := s.Options
			o.Batch, o.Session.Threads = batch, threads
			stats, err := latency.Compare(ctx, candidates, o)
			if err != nil {
				return nil, err
			}
			out = append(out, latency.Measured(threads, stats))
			bar.Add(1)
		}
	}
	return out, nil
}
