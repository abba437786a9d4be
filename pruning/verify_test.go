package pruning_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestVerifyCatches breaks a right prune in one place at a time: wherever a
// weight holds another index than it should, the check finds out.
func TestVerifyCatches(t *testing.T) {
	orttest.Need(t)
	dense := wild(t, build(t, "resnet20", models.Options{Width: 0.5}), 1)
	r := prune(t, dense, pruning.Config{Ratio: 0.5})
	if v := verify(t, r.Analysis, r.Selection, r.Model); !v.Equal() {
		t.Fatalf("%+v", v)
	}
	for name, e := range r.Plan.Initializers {
		for key, kept := range e.Kept {
			if name == "conv1.weight" && key == "1" {
				continue
			}
			axis := int(key[0] - '0')
			wrong := slices.Clone(kept)
			for j := range int(e.Shape[axis]) { // the first index that went comes in for another
				if !slices.Contains(kept, j) {
					wrong[len(wrong)-1] = j
					break
				}
			}
			w, _ := dense.Graph.Constant(e.Source(name))
			for k := range e.Shape {
				index := e.Axis(k)
				if k == axis {
					index = wrong
				}
				var err error
				if w, err = w.Take(k, index); err != nil {
					t.Fatal(err)
				}
			}
			if v := verify(t, r.Analysis, r.Selection, with(t, r.Model, w.Renamed(name))); v.Equal() {
				t.Errorf("%s cut on axis %s at %v instead of %v: %+v", name, key, wrong, kept, v)
			}
		}
	}
}

// TestMixing: a node that mixes values along a pruned axis is compared as
// given what stays of them, and named.
func TestMixing(t *testing.T) {
	orttest.Need(t)
	b := newNet(t, 1)
	b.input("x", 0, 3, 4, 4)
	b.conv("a", "x", 3, 8, 3, 1)
	b.op("ReduceMean", "m", []string{"a"}, onnxio.Ints("axes", 1))
	b.op("Sub", "s", []string{"a", "m"})
	b.conv("y", "s", 8, 2, 1, 1)
	b.output("y", 0, 2, 4, 4)
	r := prune(t, b.model(), pruning.Config{Ratio: 0.5})
	v := verify(t, r.Analysis, r.Selection, r.Model)
	if want := []string{`node "m" (ReduceMean)`}; !slices.Equal(v.Mixed, want) || !v.Equal() {
		t.Errorf("%+v, want equal outputs and %q mixing", v, want)
	}
	whole := make(pruning.Selection, len(r.Analysis.Groups))
	if mixed := r.Analysis.Mixing(whole); len(mixed) > 0 {
		t.Errorf("with nothing pruned %q mix", mixed)
	}
}

func TestCompareErrors(t *testing.T) {
	orttest.Need(t)
	one := func(edit func(b *net)) *onnxio.Model {
		b := newNet(t, 1)
		b.input("x", 0, 2)
		b.gemm("y", "x", 2, 3)
		b.output("y", 0, 3)
		edit(b)
		return b.model()
	}
	plain := one(func(*net) {})
	for want, pair := range map[string][2]*onnxio.Model{
		`the models differ in their inputs: "z" is only in one`: {plain, one(func(b *net) {
			b.op("Add", "w", []string{"y", b.input("z", 0, 3)})
			b.output("w", 0, 3)
		})},
		`the models differ in their outputs: "w" is only in one`: {plain, one(func(b *net) {
			b.relu("w", "y")
			b.output("w", 0, 3)
		})},
		`output "y" is float32[N,3] in one and float32[N,4] in the other`: {plain, func() *onnxio.Model {
			b := newNet(t, 1)
			b.input("x", 0, 2)
			b.gemm("y", "x", 2, 4)
			b.output("y", 0, 4)
			return b.model()
		}()},
		`in one and +Inf in the other`: {plain, with(t, plain, onnxio.NewTensor("y.b", []int64{3}, []float32{0, float32(math.Inf(1)), 0}))},
	} {
		v, err := pruning.Compare(context.Background(), pair[0], pair[1], pruning.VerifyOptions{})
		if err != nil || v.Equal() || !strings.HasSuffix(v.Differs, want) {
			t.Errorf("%+v, %v, want %s", v, err, want)
		}
	}
	b := newNet(t, 1)
	b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32})
	b.relu("y", "x")
	b.p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	m := b.model()
	if _, err := pruning.Compare(context.Background(), m, m, pruning.VerifyOptions{}); err == nil || !strings.Contains(err.Error(), `input "x" has no stated rank`) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pruning.Compare(ctx, plain, plain, pruning.VerifyOptions{}); err == nil {
		t.Error("a cancelled comparison ran")
	}
}

// TestCompareTypes feeds inputs of every type that there is noise for.
func TestCompareTypes(t *testing.T) {
	orttest.Need(t)
	for _, elem := range []onnxio.Elem{onnxio.Float32, onnxio.Float16, onnxio.Float64, onnxio.Int64, onnxio.Int32, onnxio.Bool} {
		b := newNet(t, 1)
		b.p.SetInputType("x", onnxio.Type{Elem: elem, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(5)}})
		b.op("Identity", "y", []string{"x"})
		b.p.SetOutputType("y", onnxio.Type{Elem: elem, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(5)}})
		m := b.model()
		v, err := pruning.Compare(context.Background(), m, m, pruning.VerifyOptions{Session: ort.SessionOptions{Threads: 1}})
		if err != nil || v.MaxDiff != 0 || (elem.Float() && v.Scale == 0) || v.Inputs != 4 {
			t.Errorf("%s: %+v, %v", elem, v, err)
		}
	}
}
