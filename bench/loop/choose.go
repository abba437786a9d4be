package main

import (
	"context"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/scoring"
)

const side, classes, heldOut = 8, 3, 30

// writePools writes a sparse pool of n samples and a few held-out ones with
// their labels.
func writePools(dir string, n int) error {
	f, err := os.Create(filepath.Join(dir, "pool.npy"))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := data.EncodeNPYHeader[uint8](f, []int{n, 1, side, side}); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := f.Truncate(info.Size() + int64(n)*side*side); err != nil {
		return err
	}
	test := filepath.Join(dir, "test")
	if err := os.Mkdir(test, 0o777); err != nil {
		return err
	}
	labels := make([]int64, heldOut)
	for i := range labels {
		labels[i] = int64(i % classes)
	}
	if err := data.WriteNPY(filepath.Join(test, "labels.npy"), []int{heldOut}, labels); err != nil {
		return err
	}
	return data.WriteNPY(filepath.Join(test, "x.npy"), []int{heldOut, 1, side, side}, make([]uint8, heldOut*side*side))
}

// turns labels the samples by their places.
type turns struct{}

func (turns) Label(_ context.Context, batch []loop.Sample) ([]loop.Answer, error) {
	out := make([]loop.Answer, len(batch))
	for i, s := range batch {
		out[i] = loop.Answer{Index: s.Index, Label: s.Index % classes}
	}
	return out, nil
}

// choose does the run.
func choose(ctx context.Context, dir string) error {
	debug.SetGCPercent(scoring.HeapPercent) // as the command does
	if err := ort.Init(ctx, ort.Options{}); err != nil {
		return err
	}
	c := config.DefaultConfig()
	c.Data, c.Test = filepath.Join(dir, "pool.npy"), filepath.Join(dir, "test", "x.npy")
	c.Model = config.Network{Arch: "mlp", Width: 0.25}
	c.Label = config.Label{Initial: 100, Add: []int{100}, Strategy: "margin"}
	c.Arms = []string{config.ArmPruneFuse, config.ArmRandom}
	c.Selector.Epochs, c.Final.Epochs = 2, 2
	c.Selector.LR, c.Final.LR = 0.01, 0.01
	return loop.Run(ctx, c, loop.Options{Dir: filepath.Join(dir, "run"), Oracle: turns{}})
}
