package pruning_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/compare"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

var one = ort.SessionOptions{Threads: 1}

// still makes "h" of "x" [N,3,6,6], with 8 channels of which 1, 2 and 6 are
// the same number everywhere.
func still(b *net) {
	b.input("x", 0, 3, 6, 6)
	b.conv("c", "x", 3, 8, 3, 1)
	b.bn("n", "c", 8)
	scale := make([]float32, 8)
	for i := range scale {
		scale[i] = 0.5 + b.rng.Float32()
	}
	scale[1], scale[2], scale[6] = 0, 0, 0
	b.p.SetInitializer(onnxio.NewTensor("n.scale", []int64{8}, scale))
	b.op("Sigmoid", "h", []string{"n"})
}

// withoutStill selects the channels of still that are not constant.
func withoutStill(t *testing.T, a *pruning.Analysis) pruning.Selection {
	t.Helper()
	sel := make(pruning.Selection, len(a.Groups))
	for i, g := range a.Groups {
		if g.Name() == "c.w:0" {
			sel[i] = []int{0, 3, 4, 5, 7}
			return sel
		}
	}
	t.Fatalf("no group of c.w:0 among %v", groups(a))
	return nil
}

func cut(t *testing.T, m *onnxio.Model, sel func(*testing.T, *pruning.Analysis) pruning.Selection) *pruning.Result {
	t.Helper()
	a := analyze(t, m, pruning.Options{})
	s := sel(t, a)
	out, plan, err := a.Apply(s, "net")
	if err != nil {
		t.Fatal(err)
	}
	return &pruning.Result{Model: out, Plan: plan, Analysis: a, Selection: s}
}

// readers of still's channels, each in another place for the constant.
var readers = map[string]struct {
	build          func(b *net)
	changed, added []string
}{
	"bias": {func(b *net) {
		b.op("Conv", "y", []string{"h", b.weight("y.w", 4, 8, 3, 3), b.weight("y.b", 4)})
		b.output("y", 0, 4, 4, 4)
	}, []string{"y.b"}, nil},
	"normalisation behind": {func(b *net) {
		b.op("Conv", "d", []string{"h", b.weight("d.w", 4, 8, 3, 3)})
		b.bn("y", "d", 4)
		b.output("y", 0, 4, 4, 4)
	}, []string{"y.mean"}, nil},
	"no bias": {func(b *net) {
		b.op("Conv", "y", []string{"h", b.weight("y.w", 4, 8, 1, 1)})
		b.output("y", 0, 4, 6, 6)
	}, []string{}, []string{"y.bias"}},
	"sum behind": {func(b *net) {
		b.op("Conv", "d", []string{"h", b.weight("d.w", 4, 8, 1, 1)})
		b.op("Add", "y", []string{b.weight("e", 4, 1, 1), "d"})
		b.output("y", 0, 4, 6, 6)
	}, []string{"e"}, nil},
	"difference behind": {func(b *net) {
		b.op("Conv", "d", []string{"h", b.weight("d.w", 4, 8, 1, 1)})
		b.op("Sub", "y", []string{"d", b.weight("e", 1, 4, 1, 1)})
		b.output("y", 0, 4, 6, 6)
	}, []string{"e"}, nil},
	"groups": {func(b *net) {
		b.convOf("y", "h", []string{b.weight("y.w", 6, 8, 1, 1), b.weight("y.b", 6)}, 1, 1)
		b.op("Conv", "z", []string{"y", b.weight("z.w", 4, 3, 3, 3)}, onnxio.Int("group", 2))
		b.output("z", 0, 4, 4, 4)
	}, []string{"y.b"}, nil},
	"depthwise between": {func(b *net) {
		b.op("Conv", "d", []string{"h", b.weight("d.w", 8, 1, 3, 3), b.weight("d.b", 8)}, onnxio.Int("group", 8))
		b.op("Conv", "y", []string{"d", b.weight("y.w", 4, 8, 1, 1), b.weight("y.b", 4)})
		b.output("y", 0, 4, 4, 4)
	}, []string{"y.b"}, nil},
	"transposed": {func(b *net) {
		b.op("ConvTranspose", "y", []string{"h", b.weight("y.w", 8, 4, 1, 1), b.weight("y.b", 4)})
		b.output("y", 0, 4, 6, 6)
	}, []string{"y.b"}, nil},
	"linear layer, half a bias": {func(b *net) {
		b.op("GlobalAveragePool", "p", []string{"h"})
		b.op("Flatten", "f", []string{"p"})
		b.op("Gemm", "y", []string{"f", b.weight("y.w", 8, 4), b.weight("y.b", 1, 4)}, onnxio.Float("alpha", 2), onnxio.Float("beta", 0.5))
		b.output("y", 0, 4)
	}, []string{"y.b"}, nil},
	"flattened places": {func(b *net) {
		b.op("Flatten", "f", []string{"h"})
		b.op("Gemm", "y", []string{"f", b.weight("y.w", 4, 288)}, onnxio.Int("transB", 1), onnxio.Float("beta", 3))
		b.output("y", 0, 4)
	}, []string{}, []string{"y.bias"}},
	"shape at run time": {func(b *net) {
		b.op("Shape", "t", []string{"h"})
		b.op("Gather", "batch", []string{"t", b.list("zero", 0)})
		b.op("Concat", "s", []string{"batch", b.list("rest", 288)}, onnxio.Int("axis", 0))
		b.op("Reshape", "f", []string{"h", "s"})
		b.op("Gemm", "y", []string{"f", b.weight("y.w", 288, 4), b.weight("y.b", 4)})
		b.output("y", 0, 4)
	}, []string{"y.b"}, nil},
	"matrix and sum": {func(b *net) {
		b.op("Transpose", "f", []string{"h"}, onnxio.Ints("perm", 0, 2, 3, 1))
		b.op("MatMul", "d", []string{"f", b.weight("d.w", 8, 4)})
		b.op("Add", "y", []string{"d", b.weight("e", 4)})
		b.output("y", 0, 6, 6, 4)
	}, []string{"e"}, nil},
	"matrix alone, from the left": {func(b *net) {
		b.op("Flatten", "f", []string{"h"}, onnxio.Int("axis", 2))
		b.op("Reshape", "r", []string{"h", b.list("shape", 0, 8, 36)})
		b.op("MatMul", "y", []string{b.weight("y.w", 4, 8), "r"})
		b.output("y", 0, 4, 36)
	}, []string{}, []string{"y.bias"}},
	"shared bias": {func(b *net) {
		b.weight("b", 4)
		b.op("Conv", "d", []string{"h", b.weight("d.w", 4, 8, 1, 1), "b"})
		b.op("Conv", "e", []string{"h", b.weight("e.w", 4, 8, 1, 1), "b"})
		b.op("Mul", "y", []string{"d", "e"})
		b.output("y", 0, 4, 6, 6)
	}, []string{}, []string{"b_1", "b_2"}},
}

// TestCompensateConstant removes channels that are constant: the compensated
// model is the dense one.
func TestCompensateConstant(t *testing.T) {
	orttest.Need(t)
	for name, c := range readers {
		t.Run(name, func(t *testing.T) {
			b := newNet(t, 3)
			still(b)
			c.build(b)
			dense := b.model()
			r := cut(t, dense, withoutStill)
			if v := verify(t, r.Analysis, r.Selection, r.Model); !v.Equal() {
				t.Fatalf("before compensation: %+v", v)
			}
			before := compareAny(t, dense, r.Model)
			means, err := r.Analysis.ExpectedMeans(context.Background(), 1, one)
			if err != nil {
				t.Fatal(err)
			}
			got, err := r.Compensate(context.Background(), means, one)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Changed, c.changed) || !slices.Equal(got.Added, c.added) || len(got.Left) > 0 {
				t.Errorf("%+v, want %q changed and %q added", got, c.changed, c.added)
			}
			if v := compareAny(t, dense, r.Model); !v.Equal() || before.MaxDiff < 100*v.MaxDiff {
				t.Errorf("differs from the dense model by %v of %v, before by %v", v.MaxDiff, v.Scale, before.MaxDiff)
			}
			plan, err := pruning.ReadPlan(r.Model)
			if err != nil {
				t.Fatal(err)
			}
			if want := append(slices.Clone(c.changed), c.added...); !slices.Equal(plan.Compensated, want) {
				t.Errorf("the plan says %q are compensated, want %q", plan.Compensated, want)
			}
		})
	}
}

func compareAny(t *testing.T, x, y *onnxio.Model) *pruning.Verification {
	t.Helper()
	return compareWithin(t, x, y, nil)
}

// compareWithin compares on inputs of a range, nil for any.
func compareWithin(t *testing.T, x, y *onnxio.Model, between *compare.Range) *pruning.Verification {
	t.Helper()
	v, err := pruning.Compare(context.Background(), x, y, pruning.VerifyOptions{Seed: 2, Session: one, Range: between})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestCompensateZeroFilter: without any normalisation, a filter of zeros
// makes a constant, and nothing is known of the others.
func TestCompensateZeroFilter(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 4)
	b.input("x", 0, 3, 5, 5)
	w := b.random("c.w", 4, 3, 3, 3)
	v, err := w.Floats()
	if err != nil {
		t.Fatal(err)
	}
	clear(v[27:54])
	w, _ = w.WithFloats(v)
	b.p.SetInitializer(w)
	b.convOf("c", "x", []string{"c.w", b.positive("c.b", 4)}, 3, 1)
	b.op("Elu", "h", []string{"c"})
	b.op("Conv", "y", []string{"h", b.weight("y.w", 2, 4, 1, 1)})
	b.output("y", 0, 2, 5, 5)
	dense := b.model()
	for _, c := range []struct {
		keep []int
		left string
	}{
		{[]int{0, 2, 3}, ""},
		{[]int{0, 2}, `what 1 of 2 removed channels of "h" carried is not known`},
		{[]int{0, 1}, `what 2 of 2 removed channels of "h" carried is not known`},
	} {
		r := cut(t, dense, func(*testing.T, *pruning.Analysis) pruning.Selection { return pruning.Selection{c.keep} })
		means, err := r.Analysis.ExpectedMeans(context.Background(), 1, one)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Compensate(context.Background(), means, one)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case c.left == "" && (len(got.Left) > 0 || !compareAny(t, dense, r.Model).Equal()):
			t.Errorf("keeping %v: %+v, %+v", c.keep, got, compareAny(t, dense, r.Model))
		case c.left != "" && (len(got.Left) != 1 || got.Left[0] != (pruning.Uncompensated{Node: `node "y" (Conv)`, Reason: c.left})):
			t.Errorf("keeping %v: left %+v, want %q", c.keep, got.Left, c.left)
		}
	}
}

// TestCompensateMeasured: the means of a pool bring the outputs nearer to the
// dense network's, where its border is padded and nothing is constant.
func TestCompensateMeasured(t *testing.T) {
	orttest.Need(t)
	dense := wild(t, build(t, "resnet20", models.Options{Width: 0.5}), 3)
	r := prune(t, dense, pruning.Config{Ratio: 0.3})
	poolLike := &compare.Range{Low: -1.7, High: 1.7} // mean 0 and deviation 1, as the pool's
	before := compareWithin(t, dense, r.Model, poolLike)
	pruned := r.Model
	means, err := r.Analysis.MeasuredMeans(context.Background(), pruning.Evidence{Samples: noise(1, 2, 8, 3, 32, 32), Session: one})
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Compensate(context.Background(), means, one)
	if err != nil || len(c.Left) > 0 || len(c.Added) > 0 || len(c.Changed) < 19 {
		t.Fatalf("%+v, %v", c, err)
	}
	if after := compareWithin(t, dense, r.Model, poolLike); after.MaxDiff > 0.5*before.MaxDiff {
		t.Errorf("differs by %v after compensation, by %v before", after.MaxDiff, before.MaxDiff)
	}
	for _, w := range pruned.Graph.Initializers() {
		was, now := string(bytesOf(t, w)), string(bytesOf(t, r.Model.Graph.Initializer(w.Name())))
		if changed := slices.Contains(c.Changed, w.Name()); changed != (was != now) {
			t.Errorf("%s: said to be changed: %v; is: %v", w.Name(), changed, was != now)
		}
	}
}

func bytesOf(t *testing.T, w *onnxio.Tensor) []byte {
	t.Helper()
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCompensateTwice: an added bias has a place in the plan of its own, by
// the indices of the first parent, also after another prune.
func TestCompensateTwice(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 6)
	still(b)
	b.op("Conv", "d", []string{"h", b.weight("d.w", 6, 8, 1, 1)})
	b.relu("e", "d")
	b.conv("y", "e", 6, 2, 1, 1)
	b.output("y", 0, 2, 6, 6)
	r := cut(t, b.model(), func(t *testing.T, a *pruning.Analysis) pruning.Selection {
		sel := withoutStill(t, a)
		sel[1-slices.IndexFunc(sel, func(s []int) bool { return s != nil })] = []int{0, 2, 3, 5}
		return sel
	})
	compensate(t, r)
	if e := r.Plan.Initializers["d.bias"]; e.Added == nil || e.Shape[0] != 6 || !slices.Equal(e.Axis(0), []int{0, 2, 3, 5}) {
		t.Fatalf("the added bias has the entry %+v", e)
	}
	again := cut(t, r.Model, func(t *testing.T, a *pruning.Analysis) pruning.Selection {
		sel := make(pruning.Selection, len(a.Groups))
		for i, g := range a.Groups {
			if g.Name() == "d.w:0" {
				sel[i] = []int{1, 3}
			}
		}
		return sel
	})
	if e := again.Plan.Initializers["d.bias"]; e.Added == nil || e.Shape[0] != 6 || !slices.Equal(e.Axis(0), []int{2, 5}) {
		t.Errorf("after another prune it has the entry %+v", e)
	}
	if !slices.Equal(again.Plan.Compensated, []string{"d.bias", "y.bias"}) {
		t.Errorf("the plan says %q are compensated", again.Plan.Compensated)
	}
	byPlan, err := pruning.PruneByPlan(b.m, r.Plan, "net")
	if err != nil {
		t.Fatal(err)
	}
	if byPlan.Model.Graph.Initializer("d.bias") != nil || fmt.Sprint(byPlan.Selection) != fmt.Sprint(r.Selection) {
		t.Errorf("the plan of a compensated model prunes to %v, want %v", byPlan.Selection, r.Selection)
	}
}

func compensate(t *testing.T, r *pruning.Result) *pruning.Compensation {
	t.Helper()
	means, err := r.Analysis.ExpectedMeans(context.Background(), 1, one)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.Compensate(context.Background(), means, one)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCompensateLeft names what reads removed channels and gets nothing for
// them.
func TestCompensateLeft(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 7)
	still(b)
	b.op("Reshape", "r", []string{"h", b.list("shape", 0, 8, 36)})
	b.op("Transpose", "s", []string{"r"}, onnxio.Ints("perm", 0, 2, 1))
	b.op("MatMul", "y", []string{"s", "r"})
	b.output("y", 0, 36, 36)
	r := cut(t, b.model(), withoutStill)
	c := compensate(t, r)
	if len(c.Left) != 1 || !strings.Contains(c.Left[0].Reason, "two of its inputs depend on the data") {
		t.Errorf("left %+v", c.Left)
	}
}

// TestCompensateInfinite: a mean that is no number of use is an error, and
// the result stays as it was.
func TestCompensateInfinite(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 11)
	still(b)
	b.op("Conv", "y", []string{"h", b.weight("y.w", 4, 8, 1, 1)})
	b.output("y", 0, 4, 6, 6)
	r := cut(t, b.model(), withoutStill)
	before := r.Model
	_, err := r.Compensate(context.Background(), pruning.Means{"h:1": {0, math.Inf(1), 0, 0, 0, 0, 0, 0}}, one)
	if want := `compensate: node "y" (Conv): what the removed channels of "h" gave it is not a finite number`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if r.Model != before {
		t.Error("the model was replaced")
	}
}
