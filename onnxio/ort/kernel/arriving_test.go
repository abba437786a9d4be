//go:build cgo

package kernel_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

// TestArriving: ReluGrad with and without a second gradient, and Sum.
func TestArriving(t *testing.T) {
	nodes := []onnxio.NodeSpec{
		{Op: "ReluGrad", Domain: kernel.Domain, Inputs: []string{"0", "2"}, Outputs: []string{"one"}},
		{Op: "ReluGrad", Domain: kernel.Domain, Inputs: []string{"0", "2", "1"}, Outputs: []string{"two"}},
		{Op: "Sum", Domain: kernel.Domain, Inputs: []string{"0", "1"}, Outputs: []string{"sum"}},
	}
	eachLevel(t, func(t *testing.T) {
		for n := range int64(70) {
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			dy, dy2, y := normal(rng, n, 3), normal(rng, n, 3), normal(rng, n, 3)
			want := make([][]float32, 3)
			for i, d := range dy.data {
				if i%5 == 0 {
					y.data[i] = 0
				}
				sum := d + dy2.data[i]
				want[2] = append(want[2], sum)
				if y.data[i] <= 0 {
					d, sum = 0, 0
				}
				want[0], want[1] = append(want[0], d), append(want[1], sum)
			}
			for i, got := range compute(t, 2, nodes, []string{"one", "two", "sum"}, dy, dy2, y) {
				if !slices.Equal(got.shape, dy.shape) || !slices.Equal(got.data, want[i]) {
					t.Fatalf("%d, output %d: %v, want %v", n, i, got, want[i])
				}
			}
		}
	})
}

func TestArrivingRefusesOtherShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, op := range []string{"ReluGrad", "Sum"} {
		node := onnxio.NodeSpec{Op: op, Domain: kernel.Domain, Inputs: []string{"0", "1"}, Outputs: []string{"dx"}}
		_, err := tryCompute(t, 1, []onnxio.NodeSpec{node}, []string{"dx"}, normal(rng, 2, 3), normal(rng, 3, 2))
		if err == nil || !strings.Contains(err.Error(), "its inputs have different shapes") {
			t.Errorf("%s: %v, want that the shapes differ", op, err)
		}
	}
}
