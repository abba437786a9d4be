package models_test

import (
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
)

// Moments of large tensors are within five standard errors of what the
// documented distributions have.
func TestInitialDistributions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		arch, tensor string
		width        float64
		deviation    float64
		bound        float64 // of uniform ones; 0 for normal
	}{
		{"resnet20", "layer3.0.conv2.weight", 1, math.Sqrt(2.0 / (64 * 9)), 0},
		{"preresnet56", "layer2.0.downsample.0.weight", 1, math.Sqrt(2.0 / 32), 0},
		{"resnet50-cifar", "layer1.0.conv3.weight", 0.25, math.Sqrt(2.0 / 64), 0},
		{"resnet50-cifar", "fc.weight", 0.25, 1 / math.Sqrt(3*512), 1 / math.Sqrt(512)},
		{"vgg11-bn", "features.4.weight", 0.25, math.Sqrt(2.0 / (32 * 9)), 0},
		{"vgg11-bn", "classifier.weight", 0.25, 0.01, 0},
		{"mobilenetv2-cifar", "features.2.conv.1.0.weight", 1, math.Sqrt(2.0 / (96 * 9)), 0},
		{"lenet", "conv2.weight", 1, 1 / math.Sqrt(3*150), 1 / math.Sqrt(150)},
		{"lenet", "fc1.weight", 1, 1 / math.Sqrt(3*400), 1 / math.Sqrt(400)},
		{"lenet", "fc1.bias", 1, 1 / math.Sqrt(3*400), 1 / math.Sqrt(400)},
	} {
		w := floats(t, build(t, c.arch, models.Options{Seed: 5, Width: c.width}).Graph.Initializer(c.tensor))
		n := float64(len(w))
		var sum, squares, most float64
		for _, x := range w {
			sum += float64(x)
			squares += float64(x) * float64(x)
			most = max(most, math.Abs(float64(x)))
		}
		if mean := sum / n; math.Abs(mean) > 5*c.deviation/math.Sqrt(n) {
			t.Errorf("%s %s: mean %g", c.arch, c.tensor, mean)
		}
		if d := math.Sqrt(squares / n); math.Abs(d/c.deviation-1) > 5/math.Sqrt(2*n) {
			t.Errorf("%s %s: deviation %g, want %g", c.arch, c.tensor, d, c.deviation)
		}
		if c.bound > 0 && (most > c.bound || most < 0.9*c.bound) {
			t.Errorf("%s %s: largest %g, bound %g", c.arch, c.tensor, most, c.bound)
		}
	}
}

func TestInitialConstants(t *testing.T) {
	t.Parallel()
	for _, arch := range []string{"resnet8", "preresnet8", "vgg11-bn", "mobilenetv2-cifar"} {
		for _, w := range build(t, arch, models.Options{Width: 0.25}).Graph.Initializers() {
			if w.Rank() != 1 || w.Name() == "fc.bias" {
				continue
			}
			want := float32(0)
			if strings.HasSuffix(w.Name(), ".weight") || strings.HasSuffix(w.Name(), ".running_var") {
				want = 1
			}
			for _, v := range floats(t, w) {
				if v != want {
					t.Fatalf("%s: %s holds %v, want %v", arch, w.Name(), v, want)
				}
			}
		}
	}
}

// BatchNormalization takes its vectors in the order scale, bias, mean,
// variance, each its own.
func TestNormInputs(t *testing.T) {
	t.Parallel()
	for _, node := range build(t, "preresnet8", models.Options{}).Graph.Nodes() {
		if node.Op() != "BatchNormalization" {
			continue
		}
		for i, suffix := range []string{"weight", "bias", "running_mean", "running_var"} {
			if want := node.Name() + "." + suffix; node.Input(i+1) != want {
				t.Errorf("%v: input %d is %q, want %q", node, i+1, node.Input(i+1), want)
			}
		}
	}
}
