// Command recover prunes a trained classifier to several sizes, recovers it on
// samples without labels, with each part of the recovery switched off in turn,
// and prints a table of what is left of its accuracy:
//
//	go run ./bench/recover -model FILE -pool DATA -test DATA [-macs 85,70,50] [-samples 1024] [-seeds 1]
//
// Nothing is trained. Channels go by -criterion, the same share of every group.
// The seeds are those of the draw of samples and places; more than one give the
// mean and the spread.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/calibration"
	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/training"
)

type options struct {
	model, pool, test string
	mean, std         cli.Channels
	macs, criterion   string
	allocate          string
	ways              string
	samples, places   int
	seeds             int
	threads           int
}

func main() { cli.Main("recover", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	o := options{mean: cli.Channels{0.485, 0.456, 0.406}, std: cli.Channels{0.229, 0.224, 0.225}}
	fs := flag.NewFlagSet("recover", flag.ContinueOnError)
	fs.StringVar(&o.model, "model", "", "ONNX file of the trained classifier")
	fs.StringVar(&o.pool, "pool", "", "samples to recover on; labels are not looked at")
	fs.StringVar(&o.test, "test", "", "labelled samples to measure accuracy on")
	fs.Var(&o.mean, "mean", "means of the channels, of pixels from 0 to 1, comma between")
	fs.Var(&o.std, "std", "standard deviations of the channels")
	fs.StringVar(&o.macs, "macs", "85,70,50", "percentages of the multiply-accumulates that are left, comma between")
	fs.StringVar(&o.criterion, "criterion", "", "which channels go first; empty is the default")
	fs.StringVar(&o.allocate, "allocate", "", "global, isomorphic or sensitivity; empty takes the same share of every group")
	fs.StringVar(&o.ways, "ways", "", "only the rows whose name contains this")
	fs.IntVar(&o.samples, "samples", 1024, "samples of the pool")
	fs.IntVar(&o.places, "places", 0, "places of each layer for each sample; 0 is the default")
	fs.IntVar(&o.seeds, "seeds", 1, "how many seeds, from 1 on")
	fs.IntVar(&o.threads, "threads", 0, "threads within one operator; 0 is one a core")
	if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil
	} else if err != nil {
		return err
	}
	if o.model == "" || o.pool == "" || o.test == "" || o.samples < 1 || o.seeds < 1 {
		return errors.New("name the model with -model and the samples with -pool and -test; -samples and -seeds are at least 1")
	}
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	b, err := open(o)
	if err != nil {
		return err
	}
	return errors.Join(b.table(ctx, stdout), data.Close(b.pool.Set), data.Close(b.test.Set))
}

type bench struct {
	options
	dense      *onnxio.Model
	pool, test *data.Prepared
}

func open(o options) (*bench, error) {
	dense, err := cli.Dense(o.model)
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, dense: dense}
	pre := data.Preprocess{Mean: o.mean, Std: o.std}
	for path, into := range map[string]**data.Prepared{o.pool: &b.pool, o.test: &b.test} {
		set, err := data.Open(path, data.Options{})
		if err != nil {
			return nil, err
		}
		if *into, err = data.Prepare(set, pre); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// way is a way to make up for what was cut.
type way struct {
	name string
	do   func(ctx context.Context, b *bench, r *pruning.Result, e pruning.Evidence) error
}

func recovering(o pruning.RecoverOptions) func(context.Context, *bench, *pruning.Result, pruning.Evidence) error {
	return func(ctx context.Context, b *bench, r *pruning.Result, e pruning.Evidence) error {
		o.Places = b.places
		_, err := r.Recover(ctx, e, o)
		return err
	}
}

var ways = []way{
	{"as pruned", func(context.Context, *bench, *pruning.Result, pruning.Evidence) error { return nil }},
	{"biases alone (`--compensate`)", func(ctx context.Context, _ *bench, r *pruning.Result, e pruning.Evidence) error {
		means, err := r.Analysis.MeasuredMeans(ctx, e)
		if err == nil {
			_, err = r.Compensate(ctx, means, e.Session)
		}
		return err
	}},
	{"statistics alone", recovering(pruning.RecoverOptions{KeepWeights: true})},
	{"weights alone", recovering(pruning.RecoverOptions{KeepStatistics: true})},
	{"weights and statistics (`--recover`)", recovering(pruning.RecoverOptions{})},
}

// table prints a row for each way and a column for each size.
func (b *bench) table(ctx context.Context, stdout io.Writer) error {
	session := ort.SessionOptions{Threads: b.threads}
	sizes := strings.Split(b.macs, ",")
	header, rule := "| without labels or training |", "|---|"
	for _, s := range sizes {
		header, rule = header+fmt.Sprintf(" %s %% of the MACs |", s), rule+"---:|"
	}
	dense, err := b.accuracy(ctx, b.dense)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(stdout, "dense: %.1f %% of %d samples\n\n%s seconds |\n%s---:|\n", 100*dense, b.test.Len(), header, rule); err != nil {
		return err
	}
	for _, w := range ways {
		if !strings.Contains(w.name, b.ways) {
			continue
		}
		row := "| " + w.name + " |"
		var spent time.Duration
		for _, s := range sizes {
			share, err := strconv.ParseFloat(s, 64)
			if err != nil {
				return err
			}
			var got []float64
			for seed := range uint64(b.seeds) {
				evidence := calibration.Data(ctx, b.dense, b.pool, calibration.Options{Samples: b.samples, Seed: seed + 1, Session: session})
				r, err := pruning.PruneContext(ctx, b.dense, pruning.Config{
					Budget: pruning.Budget{Of: pruning.MACs, Share: share / 100}, Criterion: b.criterion,
					Scope: pruning.Scope(b.allocate), Evidence: evidence, Seed: seed + 1,
				})
				if err != nil {
					return err
				}
				begun := time.Now()
				if err := w.do(ctx, b, r, evidence); err != nil {
					return fmt.Errorf("%s: %w", w.name, err)
				}
				spent += time.Since(begun)
				accuracy, err := b.accuracy(ctx, r.Model)
				if err != nil {
					return err
				}
				got = append(got, 100*accuracy)
			}
			row += " " + cell(got) + " |"
		}
		if _, err := fmt.Fprintf(stdout, "%s %.1f |\n", row, spent.Seconds()/float64(b.seeds*len(sizes))); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(stdout, "\nMACs of the dense network: %d\n", macs(b.dense))
	return err
}

func macs(m *onnxio.Model) int64 {
	s, err := op.CountModel(m, nil)
	if err != nil {
		return 0
	}
	return s.MACs
}

// cell is the mean of percentages, and their spread where there are several.
func cell(v []float64) string {
	mean, off := 0.0, 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for _, x := range v {
		off += (x - mean) * (x - mean)
	}
	if len(v) == 1 {
		return fmt.Sprintf("%.1f", mean)
	}
	return fmt.Sprintf("%.1f ± %.1f", mean, math.Sqrt(off/float64(len(v)-1)))
}

func (b *bench) accuracy(ctx context.Context, m *onnxio.Model) (float64, error) {
	e, err := training.Evaluate(ctx, m, b.test, training.EvalOptions{Batch: 128, Session: ort.SessionOptions{Threads: b.threads}})
	if err != nil {
		return 0, err
	}
	return e.Accuracy, nil
}
