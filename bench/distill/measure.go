package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/training"
)

// schema is what an object of -json states.
const schema = "prunefuse.bench-distill/1"

// The networks whose accuracy is measured.
const (
	teacher   = "teacher"   // the unpruned one
	labels    = "labels"    // fine-tuned on labels alone
	distilled = "distilled" // and with the teacher
)

// point is the accuracy of a network after so many epochs.
type point struct {
	Schema     string  `json:"schema"`
	Network    string  `json:"network"`
	Epoch      int     `json:"epoch"` // 0 is before the first
	Parameters int64   `json:"parameters"`
	MACs       int64   `json:"macs"`
	Samples    int     `json:"test_samples"`
	Accuracy   float64 `json:"accuracy"`
	Loss       float64 `json:"loss"` // cross-entropy on the test samples
	Seed       uint64  `json:"seed"` // 0 for the teacher
}

type bench struct {
	options
	dense       *onnxio.Model
	sets        []data.Set // to be closed
	train, test *data.Prepared
}

func newBench(o options) (*bench, error) {
	dense, err := cli.Dense(o.model)
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, dense: dense}
	if b.train, err = b.open(o.train); err == nil {
		b.test, err = b.open(o.test)
	}
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bench) open(spec string) (*data.Prepared, error) {
	set, err := data.Open(spec, data.Options{})
	if err != nil {
		return nil, err
	}
	b.sets = append(b.sets, set)
	return data.Prepare(set, data.Preprocess{})
}

func (b *bench) close() error {
	var err error
	for _, s := range b.sets {
		err = errors.Join(err, data.Close(s))
	}
	return err
}

func (b *bench) session() ort.SessionOptions { return ort.SessionOptions{Threads: b.threads} }

func (b *bench) normalize() training.Normalize {
	return training.Normalize{Mean: b.mean, Std: b.std}
}

// all measures the teacher and both trainings with each seed. Objects appear as
// they are known, the table in the end.
func (b *bench) all(ctx context.Context, stdout io.Writer) error {
	pruned, err := b.prune(ctx)
	if err != nil {
		return err
	}
	var points []point
	show := func(p point) error {
		points = append(points, p)
		if b.json {
			return json.NewEncoder(stdout).Encode(p)
		}
		fmt.Fprintf(os.Stderr, "%s, seed %d, epoch %d: %s\n", p.Network, p.Seed, p.Epoch, term.Percent(p.Accuracy))
		return nil
	}
	if err := b.measure(ctx, b.dense, teacher, 0, show); err != nil {
		return err
	}
	for seed := range uint64(b.seeds) {
		for _, name := range []string{labels, distilled} {
			if err := b.measure(ctx, pruned, name, seed+1, show); err != nil {
				return err
			}
			if err := b.tune(ctx, pruned, name, seed+1, show); err != nil {
				return err
			}
		}
	}
	if b.json {
		return nil
	}
	return b.table(stdout, points)
}

// prune cuts the network and proves that nothing else was changed.
func (b *bench) prune(ctx context.Context) (*onnxio.Model, error) {
	r, err := pruning.PruneContext(ctx, b.dense, pruning.Config{Ratio: b.ratio, Criterion: b.criterion})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.model, err)
	}
	v, err := r.Analysis.Verify(ctx, r.Selection, r.Model, pruning.VerifyOptions{Session: b.session()})
	if err == nil && !v.Equal() {
		err = &export.DiffersError{Verification: v}
	}
	return r.Model, err
}

// measure shows how a network does before any training.
func (b *bench) measure(ctx context.Context, m *onnxio.Model, name string, seed uint64, show func(point) error) error {
	e, err := training.Evaluate(ctx, m, b.test, training.EvalOptions{Batch: b.batch, Normalize: b.normalize(), Session: b.session()})
	if err != nil {
		return err
	}
	p, err := b.point(m, name, seed)
	if err != nil {
		return err
	}
	p.Accuracy, p.Loss = e.Accuracy, e.Loss
	return show(p)
}

func (b *bench) point(m *onnxio.Model, name string, seed uint64) (point, error) {
	size, err := op.CountModel(m, nil)
	if err != nil {
		return point{}, err
	}
	return point{
		Schema: schema, Network: name, Parameters: size.Parameters, MACs: size.MACs,
		Samples: b.test.Len(), Seed: seed,
	}, nil
}

// tune fine-tunes a network and shows how it does after every epoch.
func (b *bench) tune(ctx context.Context, m *onnxio.Model, name string, seed uint64, show func(point) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	p, err := b.point(m, name, seed)
	if err != nil {
		return err
	}
	o := training.Options{
		Batch: b.batch, Epochs: b.epochs, Schedule: training.Cosine{Rate: float32(b.rate)}, Seed: seed,
		Augment: training.Augment{Pad: 4, Flip: true}, Normalize: b.normalize(), Validation: b.test,
		Step: training.StepOptions{Optimizer: training.SGD{Momentum: 0.9, WeightDecay: 5e-4}, Session: b.session()},
		OnEpoch: func(e training.Epoch) {
			p.Epoch, p.Accuracy, p.Loss = e.Epoch, e.Validation.Accuracy, e.Validation.Loss
			if err := show(p); err != nil {
				stop(err)
			}
		},
	}
	if name == distilled {
		o.Teacher = &training.Teacher{Model: b.dense, Normalize: b.normalize()}
		o.Step.Loss = training.Loss{Distill: float32(b.weight), Temperature: float32(b.temperature)}
	}
	_, _, err = training.Train(ctx, m, b.train, o)
	return err
}

func (b *bench) table(w io.Writer, points []point) error {
	of := func(name string, epoch int) (out []point) {
		for _, p := range points {
			if p.Network == name && p.Epoch == epoch {
				out = append(out, p)
			}
		}
		return out
	}
	dense, first := of(teacher, 0)[0], of(labels, 0)[0]
	if _, err := fmt.Fprintf(w, "The network: %s of %s test samples, %s parameters, %s MACs. Pruned: %s parameters, %s MACs.\n\n",
		term.Percent(dense.Accuracy), term.Count(int64(dense.Samples)), term.Count(dense.Parameters), term.MACs(dense.MACs),
		term.Count(first.Parameters), term.MACs(first.MACs)); err != nil {
		return err
	}
	if err := term.MarkdownHeader(w, "epoch", "labels alone", "loss", "with the teacher", "loss"); err != nil {
		return err
	}
	for epoch := range b.epochs + 1 {
		row := []string{strconv.Itoa(epoch)}
		for _, name := range []string{labels, distilled} {
			accuracy, loss := cells(of(name, epoch))
			row = append(row, accuracy, loss)
		}
		if err := term.MarkdownRow(w, row...); err != nil {
			return err
		}
	}
	return nil
}

// cells are the mean accuracy and loss over the seeds, with the least and the
// most of the accuracy where there are several.
func cells(seeds []point) (accuracy, loss string) {
	var right, total float64
	least, most := seeds[0].Accuracy, seeds[0].Accuracy
	for _, p := range seeds {
		right, total = right+p.Accuracy, total+p.Loss
		least, most = min(least, p.Accuracy), max(most, p.Accuracy)
	}
	n := float64(len(seeds))
	accuracy = term.Percent(right / n)
	if least < most {
		accuracy += fmt.Sprintf(" (%.1f to %.1f)", 100*least, 100*most)
	}
	return accuracy, fmt.Sprintf("%.3f", total/n)
}
