package kernel_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

func reluGrad() []onnxio.NodeSpec {
	return []onnxio.NodeSpec{{Op: "ReluGrad", Domain: kernel.Domain, Inputs: []string{"0", "1"}, Outputs: []string{"dx"}}}
}

func TestReluGrad(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		for n := range int64(70) {
			rng := rand.New(rand.NewPCG(1, uint64(n)))
			dy, y := normal(rng, n, 3), normal(rng, n, 3)
			want := make([]float32, len(dy.data))
			for i := range want {
				switch {
				case i%5 == 0:
					y.data[i] = 0
				case y.data[i] > 0:
					want[i] = dy.data[i]
				}
			}
			got := compute(t, 2, reluGrad(), []string{"dx"}, dy, y)[0]
			if !slices.Equal(got.shape, dy.shape) || !slices.Equal(got.data, want) {
				t.Fatalf("%d: %v, want %v", n, got, want)
			}
		}
	})
}

func TestReluGradRefusesOtherShapes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	_, err := tryCompute(t, 1, reluGrad(), []string{"dx"}, normal(rng, 2, 3), normal(rng, 3, 2))
	if err == nil || !strings.Contains(err.Error(), "its inputs have different shapes") {
		t.Errorf("%v, want that the shapes differ", err)
	}
}
