package fusion_test

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// others gives the values of a fused weight that the selector did not bring,
// with the dense file's at the same places, and for each whether it is a path
// from a new input to an old output.
func others(t *testing.T, dense, selector, fused *onnxio.Model, name string) (got, was []float32, inward []bool) {
	t.Helper()
	plan, err := pruning.ReadPlan(selector)
	if err != nil {
		t.Fatal(err)
	}
	e := plan.Initializers[name]
	w, d := floats(t, fused.Graph.Initializer(name)), floats(t, dense.Graph.Initializer(name))
	dims := dense.Graph.Initializer(name).Dims()
	for i := range w {
		old := make([]bool, len(dims))
		rest := i
		for k := len(dims) - 1; k >= 0; k-- {
			old[k] = slices.Contains(e.Axis(k), rest%int(dims[k]))
			rest /= int(dims[k])
		}
		if slices.Contains(old, false) {
			got, was = append(got, w[i]), append(was, d[i])
			inward = append(inward, len(old) > 1 && old[0] && !old[1])
		}
	}
	return got, was, inward
}

func TestRest(t *testing.T) {
	t.Parallel()
	dense := trained(t, build(t, "resnet20", models.Options{Width: 2}), 1)
	selector := trained(t, prune(t, dense, 2), 3)
	weights := []string{"layer2.0.conv1.weight", "fc.weight", "layer2.0.bn1.weight", "layer2.0.bn1.bias", "layer2.0.bn1.running_mean", "layer2.0.bn1.running_var"}

	t.Run("init", func(t *testing.T) {
		t.Parallel()
		fused := fuse(t, dense, selector, fusion.Options{})
		for _, name := range weights {
			if got, was, _ := others(t, dense, selector, fused, name); !slices.Equal(got, was) || len(got) == 0 {
				t.Errorf("%s: the rest is not the dense file's", name)
			}
		}
		if !bytes.Equal(marshal(t, fused), marshal(t, fuse(t, dense, selector, fusion.Options{Rest: fusion.Init, Seed: 9}))) {
			t.Error("the dense file's own weights depend on the seed")
		}
	})
	t.Run("zero", func(t *testing.T) {
		t.Parallel()
		fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Zero})
		for _, name := range weights {
			if got, _, _ := others(t, dense, selector, fused, name); slices.ContainsFunc(got, func(x float32) bool { return x != 0 }) || len(got) == 0 {
				t.Errorf("%s: the rest is not zero", name)
			}
		}
	})
	t.Run("preserve", func(t *testing.T) {
		t.Parallel()
		fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Preserve})
		zeroed := 0
		for _, name := range weights {
			got, was, inward := others(t, dense, selector, fused, name)
			for i := range got {
				if inward[i] {
					zeroed++
					was[i] = 0
				}
			}
			if !slices.Equal(got, was) {
				t.Errorf("%s: the rest is not the dense file's with new-to-old paths at zero", name)
			}
		}
		if zeroed == 0 {
			t.Error("nothing was zeroed")
		}
	})
	t.Run("reinit", func(t *testing.T) {
		t.Parallel()
		fused := fuse(t, dense, selector, fusion.Options{Rest: fusion.Reinit, Seed: 1})
		if !bytes.Equal(marshal(t, fused), marshal(t, fuse(t, dense, selector, fusion.Options{Rest: fusion.Reinit, Seed: 1}))) {
			t.Error("the same seed gives two models")
		}
		x, y := floats(t, fused.Graph.Initializer("layer3.1.conv1.weight")), floats(t, fused.Graph.Initializer("layer3.2.conv1.weight"))
		alike := 0
		for i := range x {
			if x[i] == y[i] {
				alike++
			}
		}
		if alike > len(x)/100 {
			t.Errorf("two kernels of one shape have %d of %d values in common", alike, len(x))
		}
		other := fuse(t, dense, selector, fusion.Options{Rest: fusion.Reinit, Seed: 2})
		for _, name := range weights {
			got, was, _ := others(t, dense, selector, fused, name)
			again, _, _ := others(t, dense, selector, other, name)
			dims := dense.Graph.Initializer(name).Dims()
			switch {
			case len(dims) == 1:
				want := float32(0)
				if name == weights[2] || name == weights[5] {
					want = 1
				}
				if slices.ContainsFunc(got, func(x float32) bool { return x != want }) {
					t.Errorf("%s: %v, want %v", name, got[:4], want)
				}
				continue
			case slices.Equal(got, again):
				t.Errorf("%s: two seeds draw the same", name)
			}
			if slices.Equal(got, was) {
				t.Errorf("%s: the rest is the dense file's", name)
			}
			fan := float64(dims[0])
			for _, d := range dims[2:] {
				fan *= float64(d)
			}
			want := math.Sqrt(2 / fan) // Kaiming over the fan-out
			if len(dims) == 2 {
				want = math.Sqrt(2 / float64(dims[0]+dims[1])) // Xavier
			}
			mean, std := moments(got)
			if math.Abs(std/want-1) > 0.1 || math.Abs(mean) > 0.1*want {
				t.Errorf("%s: %d values of mean %g and deviation %g, want 0 and %g", name, len(got), mean, std, want)
			}
		}
	})
}

func moments(v []float32) (mean, std float64) {
	for _, x := range v {
		mean += float64(x) / float64(len(v))
	}
	for _, x := range v {
		std += (float64(x) - mean) * (float64(x) - mean) / float64(len(v))
	}
	return mean, math.Sqrt(std)
}
