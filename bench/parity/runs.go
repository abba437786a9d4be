package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/training"
)

// What the recipe fixes.
const (
	rate        = 0.1
	momentum    = 0.9
	weightDecay = 5e-4
	statsOf     = 5000 // samples that the normalisation is measured on
)

type bench struct {
	options
	train, test *data.Prepared // normalised
	classes     int
	session     ort.SessionOptions
}

func newBench(o options) (*bench, error) {
	b := &bench{options: o, session: ort.SessionOptions{Threads: o.threads}}
	set, err := data.Open(o.train, data.Options{})
	if err != nil {
		return nil, err
	}
	test, err := data.Open(o.test, data.Options{})
	if err != nil {
		return nil, err
	}
	var p data.Preprocess
	if p.Mean, p.Std, err = data.Stats(context.Background(), set, statsOf); err != nil {
		return nil, fmt.Errorf("data %s: %w", o.train, err)
	}
	if b.train, err = data.Prepare(set, p); err != nil {
		return nil, err
	}
	if b.test, err = data.Prepare(test, p); err != nil {
		return nil, err
	}
	for i := range set.Len() {
		b.classes = max(b.classes, set.Label(i)+1)
	}
	return b, data.CheckLabels(test, b.classes)
}

func (b *bench) recipe() recipe {
	return recipe{b.depth, b.options.train, b.options.test, b.epochs, b.batch}
}

// all gives a result for every side and seed.
func (b *bench) all(ctx context.Context, sides []string) ([]result, error) {
	var kept []result
	if b.out != "" {
		var err error
		if kept, err = results(b.out); err != nil {
			return nil, err
		}
	}
	var done []result
	for seed := range uint64(b.seeds) {
		for _, side := range sides {
			r, err := b.one(ctx, kept, side, seed+1)
			if err != nil {
				return nil, fmt.Errorf("%s with seed %d: %w", side, seed+1, err)
			}
			done = append(done, r)
		}
	}
	return done, nil
}

func (b *bench) one(ctx context.Context, kept []result, side string, seed uint64) (result, error) {
	for _, r := range kept {
		if r.Side == side && r.Seed == seed && r.recipe == b.recipe() {
			return r, nil
		}
	}
	s := b.train.Shape()
	m, err := models.Build(fmt.Sprintf("resnet%d", b.depth), models.Options{
		Input: [3]int{s[0], s[1], s[2]}, Classes: b.classes, Seed: seed,
	})
	if err != nil {
		return result{}, err
	}
	r := result{Schema: schema, Side: side, Seed: seed, recipe: b.recipe()}
	by := b.here
	if side == torch {
		by = b.peer
	}
	if err := by(ctx, m, &r); err != nil {
		return r, err
	}
	fmt.Fprintf(os.Stderr, "%s, seed %d: %.2f %% in %v\n", side, seed, 100*r.Accuracy, time.Duration(r.Seconds*1e9).Round(time.Second))
	if b.out != "" {
		return r, keep(b.out, r)
	}
	return r, nil
}

// milestones are the epochs after which the rate is divided by ten.
func (b *bench) milestones() []int { return []int{b.epochs * 6 / 10, b.epochs * 8 / 10} }

func (b *bench) here(ctx context.Context, m *onnxio.Model, r *result) error {
	trained, history, err := training.Train(ctx, m, b.train, training.Options{
		Step: training.StepOptions{
			Optimizer: training.SGD{Momentum: momentum, WeightDecay: weightDecay}, Session: b.session,
		},
		Batch: b.batch, Schedule: training.StepDecay(b.epochs, rate, 0.1, b.milestones()...), Seed: r.Seed,
		OnEpoch: func(e training.Epoch) {
			fmt.Fprintf(os.Stderr, "%s, seed %d, epoch %d: loss %.4f\n", r.Side, r.Seed, e.Epoch, e.Loss)
		},
	})
	if err != nil {
		return err
	}
	for _, e := range history.Epochs {
		r.Losses = append(r.Losses, e.Loss)
	}
	r.Seconds = history.Seconds
	v, err := training.Evaluate(ctx, trained, b.test, training.EvalOptions{Session: b.session})
	if err != nil {
		return err
	}
	r.Accuracy = v.Accuracy
	return nil
}
