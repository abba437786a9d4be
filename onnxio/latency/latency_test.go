package latency_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/latency"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// network returns the bytes of a small model with a free batch.
func network(t *testing.T) []byte {
	t.Helper()
	m, err := models.Build("mlp", models.Options{Input: [3]int{1, 4, 4}, Classes: 3})
	if err != nil {
		t.Fatal(err)
	}
	return marshal(t, m)
}

func marshal(t *testing.T, m *onnxio.Model) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// with returns the network with another input.
func with(t *testing.T, shape onnxio.Shape) []byte {
	t.Helper()
	m, err := onnxio.Parse(network(t), "")
	if err != nil {
		t.Fatal(err)
	}
	p := m.Graph.Edit()
	p.SetInputType(m.Graph.Inputs()[0].Name, onnxio.Type{Elem: onnxio.Float32, Shape: shape})
	p.SetTypes(nil)
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return marshal(t, m)
}

func TestCompare(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	path := filepath.Join(t.TempDir(), "b.onnx")
	if err := os.WriteFile(path, network(t), 0o666); err != nil {
		t.Fatal(err)
	}
	stats, err := latency.Compare(context.Background(), []latency.Candidate{
		{Name: "bytes", Model: network(t)}, {Name: "file", Path: path},
	}, latency.Options{Batch: 5, Rounds: 7, Session: ort.SessionOptions{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if len(stats) != 2 || stats[0].Name != "bytes" || stats[1].Name != "file" {
		t.Fatalf("stats %v", stats)
	}
	for _, s := range stats {
		if s.Samples != 5 || len(s.Times) != 7 || s.Quantile(0) <= 0 {
			t.Errorf("%s: %d samples a run, times %v", s.Name, s.Samples, s.Times)
		}
	}
}

// What the inputs' shapes become, and which wishes are refused.
func TestShapes(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	n, h, one, four := onnxio.Symbol("N"), onnxio.Symbol("H"), onnxio.Known(1), onnxio.Known(4)
	free, fixed := onnxio.Shape{n, one, four, four}, onnxio.Shape{onnxio.Known(3), one, four, four}
	sides := onnxio.Shape{n, one, h, h}
	input := func(dims ...int64) map[string][]int64 { return map[string][]int64{"input": dims} }
	tests := map[string]struct {
		shape   onnxio.Shape
		batch   int64
		given   map[string][]int64
		samples int64
		problem string
	}{
		"a free batch is 1":               {shape: free, samples: 1},
		"a free batch":                    {shape: free, batch: 9, samples: 9},
		"a free batch in the given shape": {shape: free, given: input(6, 1, 4, 4), samples: 6},
		"both":                            {shape: free, batch: 2, given: input(6, 1, 4, 4), samples: 2},
		"a fixed batch":                   {shape: fixed, samples: 3},
		"a fixed batch, asked for":        {shape: fixed, batch: 3, samples: 3},
		"free sides":                      {shape: sides, batch: 2, given: input(1, 1, 4, 4), samples: 2},
		"no rank":                         {shape: nil, given: input(2, 1, 4, 4), samples: 2},

		"another fixed batch":     {shape: fixed, batch: 4, problem: "cannot run at batch 4"},
		"free sides, not given":   {shape: sides, problem: "axis 2 is free"},
		"no rank, not given":      {shape: nil, problem: "its rank is not stated"},
		"another number of axes":  {shape: free, given: input(1, 16), problem: "another number of axes"},
		"another extent":          {shape: free, given: input(1, 1, 4, 5), problem: "axis 3 is fixed and cannot be 5"},
		"an input that is absent": {shape: free, given: map[string][]int64{"image": {1}}, problem: `no model has an input "image"`},
		"what the model refuses":  {shape: sides, given: input(1, 1, 5, 5), problem: "measure x: run session"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stats, err := latency.Compare(context.Background(), []latency.Candidate{{Name: "x", Model: with(t, test.shape)}},
				latency.Options{Batch: test.batch, Shapes: test.given, Rounds: 1, Session: ort.SessionOptions{Threads: 1}})
			switch {
			case test.problem != "":
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("error %v, want %q in it", err, test.problem)
				}
			case err != nil:
				t.Error(err)
			case stats[0].Samples != test.samples:
				t.Errorf("%d samples a run, want %d", stats[0].Samples, test.samples)
			}
		})
	}
}

// A budget is kept to by the number of rounds, and cancelling ends them.
func TestBudget(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	c := []latency.Candidate{{Name: "x", Model: network(t)}}
	stats, err := latency.Compare(context.Background(), c, latency.Options{Budget: time.Nanosecond})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(stats[0].Times); n != 6 {
		t.Errorf("%d rounds where none fits, want the least number", n)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := latency.Compare(ctx, c, latency.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after cancelling: %v", err)
	}
}
