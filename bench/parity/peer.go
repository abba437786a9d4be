package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/torchpeer"
	"github.com/prunefuse/prunefuse/onnxio"
)

//go:embed peer.py
var script string

// task is what peer.py is told, in task.json beside the files it names.
type task struct {
	Depth       int      `json:"depth"`
	Shape       []int    `json:"shape"` // of a sample
	Classes     int      `json:"classes"`
	Epochs      int      `json:"epochs"`
	Batch       int      `json:"batch"`
	Milestones  []int    `json:"milestones"`
	Rate        float64  `json:"rate"`
	Momentum    float64  `json:"momentum"`
	WeightDecay float64  `json:"weight_decay"`
	Seed        uint64   `json:"seed"`
	Threads     int      `json:"threads"`
	Weights     []weight `json:"weights"` // in the order of weights.f32
}

type weight struct {
	Name  string  `json:"name"`
	Shape []int64 `json:"shape"`
}

// peer trains the model with PyTorch.
func (b *bench) peer(ctx context.Context, m *onnxio.Model, r *result) error {
	python, err := exec.LookPath("/usr/bin/python3")
	if err != nil {
		if python, err = exec.LookPath("python3"); err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp("", "prunefuse-parity-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := b.writeTask(dir, m, r.Seed); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, python, "-c", torchpeer.ResNet+script, dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s (Debian: python3-torch): %w", python, err)
	}
	if err := json.Unmarshal(out, r); err != nil {
		return fmt.Errorf("what peer.py printed: %w", err)
	}
	return nil
}

func (b *bench) writeTask(dir string, m *onnxio.Model, seed uint64) error {
	t := task{
		Depth: b.depth, Shape: b.train.Shape(), Classes: b.classes, Epochs: b.epochs, Batch: b.batch, Milestones: b.milestones(),
		Rate: rate, Momentum: momentum, WeightDecay: weightDecay, Seed: seed, Threads: b.threads,
	}
	err := create(filepath.Join(dir, "weights.f32"), func(w io.Writer) error {
		for _, c := range m.Graph.Initializers() {
			if c.Elem() != onnxio.Float32 {
				continue
			}
			values, err := c.Floats()
			if err != nil {
				return err
			}
			t.Weights = append(t.Weights, weight{c.Name(), c.Dims()})
			if err := binary.Write(w, binary.LittleEndian, values); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for name, set := range map[string]*data.Prepared{"train": b.train, "test": b.test} {
		if err := writeSet(filepath.Join(dir, name), set); err != nil {
			return err
		}
	}
	return create(filepath.Join(dir, "task.json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(t) })
}

// writeSet writes samples and labels to files of raw float32 and int64.
func writeSet(path string, set *data.Prepared) error {
	sample := 1
	for _, d := range set.Shape() {
		sample *= d
	}
	err := create(path+".f32", func(w io.Writer) error {
		row := make([]float32, sample)
		for i := range set.Len() {
			if err := set.Read(i, row); err != nil {
				return err
			}
			if err := binary.Write(w, binary.LittleEndian, row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return create(path+".i64", func(w io.Writer) error {
		for i := range set.Len() {
			if err := binary.Write(w, binary.LittleEndian, int64(set.Label(i))); err != nil {
				return err
			}
		}
		return nil
	})
}

func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	return errors.Join(write(w), w.Flush(), f.Close())
}
