package pruning_test

import (
	"fmt"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// denseNet wires a network as Huang et al. (CVPR 2017) do: each layer reads
// all that came before it in its block.
func denseNet(t testing.TB, growth int64, blocks ...int) *onnxio.Model {
	b := newNet(t, 30)
	x, c := b.conv("stem", b.input("x", 0, 3, 16, 16), 3, 2*growth, 3, 1), 2*growth
	for i, layers := range blocks {
		for j := range layers {
			name := fmt.Sprintf("b%d.l%d", i, j)
			h := b.relu(name+".r1", b.bn(name+".n1", x, c))
			h = b.conv(name+".c1", h, c, 4*growth, 1, 1)
			h = b.relu(name+".r2", b.bn(name+".n2", h, 4*growth))
			h = b.conv(name+".c2", h, 4*growth, growth, 3, 1)
			x = b.op("Concat", name, []string{x, h}, onnxio.Int("axis", 1))
			c += growth
		}
		if i < len(blocks)-1 {
			name := fmt.Sprintf("t%d", i)
			x = b.conv(name, b.relu(name+".r", b.bn(name+".n", x, c)), c, c/2, 1, 1)
			c /= 2
		}
	}
	b.head(b.relu("last.r", b.bn("last.n", x, c)), c)
	return b.model()
}

// TestDenseNet: what a layer adds is one group, read by all the layers behind
// it in the block.
func TestDenseNet(t *testing.T) {
	m := denseNet(t, 4, 3, 2)
	a := analyze(t, m, pruning.Options{})
	// The stem, two groups a layer, the transition.
	if len(a.Groups) != 1+2*5+1 {
		t.Errorf("groups %q", groups(a))
	}
	mustEqual(t, m, 1)
	mustEqual(t, m, 2)
}

func benchmarked(b *testing.B) map[string]*onnxio.Model {
	return map[string]*onnxio.Model{
		"resnet50":    build(b, "resnet50", models.Options{}),
		"densenet201": denseNet(b, 32, 6, 12, 48, 32),
	}
}

func BenchmarkAnalyze(b *testing.B) {
	for name, m := range benchmarked(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				analyze(b, m, pruning.Options{})
			}
		})
	}
}

func BenchmarkPrune(b *testing.B) {
	for name, m := range benchmarked(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				prune(b, m, pruning.Config{Ratio: 0.5})
			}
		})
	}
}

func BenchmarkBudget(b *testing.B) {
	for name, m := range benchmarked(b) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				r := prune(b, m, pruning.Config{Budget: pruning.Budget{Of: pruning.MACs, Share: 0.5}})
				b.ReportMetric(float64(r.Reached.Tried), "candidates")
			}
		})
	}
}
