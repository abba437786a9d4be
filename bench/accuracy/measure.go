package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/calibration"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/training"
)

// schema is what an object of -json states.
const schema = "prunefuse.bench-accuracy/1"

// The ways to compensate, in the order of the table.
const (
	without = iota
	expected
	measured
	ways
)

// outcome is what became of the network by one criterion. A pair or triple is
// by the way of compensation: none, expected from the model, measured.
type outcome struct {
	Schema     string  `json:"schema"`
	Criterion  string  `json:"criterion"` // "" is the dense network
	Ratio      float64 `json:"ratio"`
	Seed       uint64  `json:"seed"`
	Samples    int     `json:"test_samples"`
	Epochs     int     `json:"epochs"`
	Parameters int64   `json:"parameters"`
	MACs       int64   `json:"macs"`
	// Accuracy before fine-tuning and after it.
	Before []float64 `json:"accuracy_before"`
	After  []float64 `json:"accuracy_after,omitempty"`
	// Left is how many layers lost channels that nothing makes up for, or not
	// for all.
	Left  []int  `json:"layers_left,omitempty"`
	Error string `json:"error,omitempty"`
}

type bench struct {
	options
	dense *onnxio.Model
	sets  []data.Set // to be closed
	// As they are, for training, which normalises; and as the model takes them.
	train, trainReady, testReady *data.Prepared
}

func newBench(o options) (*bench, error) {
	dense, err := cli.Dense(o.model)
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, dense: dense}
	if err := b.open(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) open() error {
	train, err := data.Open(b.options.train, data.Options{})
	if err != nil {
		return err
	}
	b.sets = append(b.sets, train)
	test, err := data.Open(b.options.test, data.Options{})
	if err != nil {
		return err
	}
	b.sets = append(b.sets, test)
	pre := data.Preprocess{Mean: b.mean, Std: b.std}
	if b.train, err = data.Prepare(train, data.Preprocess{}); err != nil {
		return err
	}
	if b.trainReady, err = data.Prepare(train, pre); err != nil {
		return err
	}
	b.testReady, err = data.Prepare(test, pre)
	return err
}

func (b *bench) close() error {
	var err error
	for _, s := range b.sets {
		err = errors.Join(err, data.Close(s))
	}
	return err
}

func (b *bench) session() ort.SessionOptions { return ort.SessionOptions{Threads: b.threads} }

// all measures the dense network and every criterion, and prints what came of
// each as soon as it is known.
func (b *bench) all(ctx context.Context, criteria []pruning.Criterion, stdout io.Writer) error {
	show := printRow
	if b.json {
		show = printJSON
	} else if err := printHeader(stdout, b.options); err != nil {
		return err
	}
	dense := b.outcome("")
	if err := b.measure(ctx, b.dense, dense); err != nil {
		return fmt.Errorf("%s: %w", b.model, err)
	}
	if err := show(stdout, dense); err != nil {
		return err
	}
	failed := 0
	for _, c := range criteria {
		out := b.outcome(c.Name)
		if err := b.pruned(ctx, out); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil {
			out.Error = err.Error()
			failed++
		}
		if err := show(stdout, out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d criteria failed", failed, len(criteria))
	}
	return nil
}

func (b *bench) outcome(criterion string) *outcome {
	return &outcome{Schema: schema, Criterion: criterion, Ratio: b.ratio, Seed: b.seed, Samples: b.testReady.Len(), Epochs: b.epochs}
}

// pruned measures the network pruned by a criterion, in all ways of
// compensation.
func (b *bench) pruned(ctx context.Context, out *outcome) error {
	evidence := calibration.Data(ctx, b.dense, b.trainReady, calibration.Options{Batch: b.batch, Seed: b.seed, Session: b.session()})
	r, err := pruning.PruneContext(ctx, b.dense, pruning.Config{Ratio: b.ratio, Criterion: out.Criterion, Seed: b.seed, Evidence: evidence})
	if err != nil {
		return err
	}
	v, err := r.Analysis.Verify(ctx, r.Selection, r.Model, pruning.VerifyOptions{Seed: b.seed, Session: b.session()})
	if err != nil {
		return err
	}
	if !v.Equal() {
		return &export.DiffersError{Verification: v}
	}
	for way := range ways {
		made, left := *r, 0
		if way != without {
			means, err := b.means(ctx, r.Analysis, way, evidence)
			if err != nil {
				return err
			}
			c, err := made.Compensate(ctx, means, b.session())
			if err != nil {
				return err
			}
			left = len(c.Left)
		}
		out.Left = append(out.Left, left)
		if err := b.measure(ctx, made.Model, out); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) means(ctx context.Context, a *pruning.Analysis, way int, e pruning.Evidence) (pruning.Means, error) {
	if way == expected {
		return a.ExpectedMeans(ctx, b.seed, b.session())
	}
	return a.MeasuredMeans(ctx, e)
}

// measure adds the accuracy of a network to the outcome, before fine-tuning
// and after it.
func (b *bench) measure(ctx context.Context, m *onnxio.Model, out *outcome) error {
	stats, err := op.CountModel(m, nil)
	if err != nil {
		return err
	}
	out.Parameters, out.MACs = stats.Parameters, stats.MACs
	before, err := b.accuracy(ctx, m)
	if err != nil {
		return err
	}
	out.Before = append(out.Before, before)
	if b.epochs == 0 {
		return nil
	}
	tuned, err := b.tune(ctx, m)
	if err != nil {
		return err
	}
	after, err := b.accuracy(ctx, tuned)
	if err != nil {
		return err
	}
	out.After = append(out.After, after)
	return nil
}

func (b *bench) accuracy(ctx context.Context, m *onnxio.Model) (float64, error) {
	e, err := training.Evaluate(ctx, m, b.testReady, training.EvalOptions{Batch: b.batch, Session: b.session()})
	if err != nil {
		return 0, err
	}
	return e.Accuracy, nil
}

func (b *bench) tune(ctx context.Context, m *onnxio.Model) (*onnxio.Model, error) {
	tuned, _, err := training.Train(ctx, m, b.train, training.Options{
		Step: training.StepOptions{
			Optimizer: training.SGD{Momentum: 0.9, WeightDecay: 5e-4}, Session: b.session(),
		},
		Batch: b.batch, Schedule: training.StepDecay(b.epochs, float32(b.rate), 0.1, (b.epochs+1)/2),
		Augment: training.Augment{Pad: 4, Flip: true}, Normalize: training.Normalize{Mean: b.mean, Std: b.std},
		Seed: b.seed,
	})
	return tuned, err
}
