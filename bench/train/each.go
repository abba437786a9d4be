package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/training"
)

// each takes two steps of every ONNX file, on a batch of two of noise, and says
// which trained.
func (o options) each(ctx context.Context, args []string, stdout io.Writer) error {
	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
		return err
	}
	files, trained := 0, 0
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || (path != arg && filepath.Ext(path) != ".onnx") {
				return err
			}
			files++
			said := "trained"
			if err := o.trains(ctx, path); err != nil {
				said = err.Error()
			} else {
				trained++
			}
			_, err = fmt.Fprintf(stdout, "%s: %s\n", filepath.Base(path), said)
			return err
		})
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(stdout, "%d of %d files trained\n", trained, files)
	return err
}

// trains is an error where a network takes no step, or where its loss is not a
// number before it or after.
func (o options) trains(ctx context.Context, path string) (err error) {
	m, err := onnxio.Load(path)
	if err != nil {
		return err
	}
	s, err := training.NewStep(m, training.StepOptions{Session: ort.SessionOptions{Threads: o.threads}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	b, err := s.NewBatch(2)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b.Samples() {
		b.Samples()[i] = float32(rng.NormFloat64())
	}
	for i := range b.Len() {
		b.SetLabel(i, i)
	}
	for range 2 {
		loss, err := s.Run(ctx, b, gentle)
		if err != nil {
			return err
		}
		if l := float64(loss); math.IsNaN(l) || math.IsInf(l, 0) {
			return fmt.Errorf("the loss is %v", loss)
		}
	}
	return nil
}

// gentle is a learning rate for any network.
const gentle = 1e-4
