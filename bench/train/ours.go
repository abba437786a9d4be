package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/training"
)

// The images, as many classes, and the learning rate of both sides.
const (
	side    = 32
	classes = 10
	rate    = 0.1
)

// trainer is our side: a step and the batch it takes.
type trainer struct {
	step  *training.Step
	batch *training.Batch
}

func (o options) newTrainer(ctx context.Context, n network, profile string) (*trainer, error) {
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return nil, err
	}
	m, err := models.Build(fmt.Sprintf("resnet%d", n.depth), models.Options{Width: float64(n.width) / 16, Seed: 1})
	if err != nil {
		return nil, err
	}
	s, err := training.NewStep(m, training.StepOptions{
		Optimizer: training.SGD{Momentum: 0.9, WeightDecay: 5e-4},
		Session:   ort.SessionOptions{Threads: o.threads, Profile: profile},
	})
	if err != nil {
		return nil, err
	}
	b, err := s.NewBatch(o.batch)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b.Samples() {
		b.Samples()[i] = float32(rng.NormFloat64())
	}
	for i := range b.Len() {
		b.SetLabel(i, rng.IntN(classes))
	}
	return &trainer{s, b}, nil
}

// take takes one step and says how long it took.
func (t *trainer) take(ctx context.Context) (time.Duration, error) {
	start := time.Now()
	_, err := t.step.Run(ctx, t.batch, rate)
	return time.Since(start), err
}

func (t *trainer) close() error { return errors.Join(t.batch.Close(), t.step.Close()) }

// serve takes a step for each line that comes in, and answers with its
// milliseconds.
func (o options) serve(ctx context.Context, n network, in io.Reader, out io.Writer) error {
	t, err := o.newTrainer(ctx, n, "")
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		d, err := t.take(ctx)
		if err != nil {
			return errors.Join(err, t.close())
		}
		if _, err := fmt.Fprintln(out, d.Seconds()*1e3); err != nil {
			return errors.Join(err, t.close())
		}
	}
	return t.close()
}
