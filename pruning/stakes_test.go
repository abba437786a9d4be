package pruning_test

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

// What is said to be at stake is what a cut of that group alone saves.
func TestStakes(t *testing.T) {
	t.Parallel()
	open := onnxio.InputShapes{"x": {1, 3, 12, 8}}
	for name, test := range map[string]struct {
		m      *onnxio.Model
		shapes onnxio.InputShapes
	}{
		"resnet20":    {build(t, "resnet20", models.Options{Width: 0.5}), nil},
		"mobilenetv2": {build(t, "mobilenetv2-cifar", models.Options{Width: 0.25}), nil},
		"two groups":  {halves(t), nil},
		"open size":   {flattened(t), open},
		"merged":      {merged(t), open},
	} {
		a := analyze(t, test.m, pruning.Options{})
		stakes, before, err := a.Stakes(test.shapes)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, g := range a.Groups {
			for keep, got := range map[int]pruning.Saving{g.Size - 1: stakes[i].One, max(g.Size/2, 1): stakes[i].Half} {
				sel := make(pruning.Selection, len(a.Groups))
				for k := range keep {
					sel[i] = append(sel[i], k)
				}
				m, _, err := a.Apply(sel, "")
				if err != nil {
					t.Fatal(err)
				}
				after, err := op.CountModel(m, test.shapes)
				if err != nil {
					t.Fatal(err)
				}
				want := pruning.Saving{Parameters: before.Parameters - after.Parameters, MACs: before.MACs - after.MACs}
				if got != want || want.MACs == 0 {
					t.Errorf("%s: %s with %d of %d: %+v is said to be saved, %+v is", name, g.Name(), keep, g.Size, got, want)
				}
			}
		}
	}
}

// flattened is a net of open image size whose pixels become tokens.
func flattened(t testing.TB) *onnxio.Model {
	b := newNet(t, 33)
	n, h, w := onnxio.Symbol("N"), onnxio.Symbol("H"), onnxio.Symbol("W")
	b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{n, onnxio.Known(3), h, w}})
	b.conv("a", "x", 3, 8, 3, 1)
	b.conv("c", "a", 8, 6, 3, 1)
	b.op("Reshape", "tokens", []string{"c", b.list("tokens.shape", 0, 6, -1)})
	b.op("Transpose", "last", []string{"tokens"}, onnxio.Ints("perm", 0, 2, 1))
	b.weight("y.w", 6, 4)
	b.op("MatMul", "y", []string{"last", "y.w"})
	b.p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	return b.model()
}

// merged is a net of open image size in which one axis merges channels and
// pixels.
func merged(t testing.TB) *onnxio.Model {
	b := newNet(t, 34)
	h, w := onnxio.Symbol("H"), onnxio.Symbol("W")
	b.p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Known(1), onnxio.Known(3), h, w}})
	b.conv("a", "x", 3, 8, 3, 1)
	b.op("Reshape", "rows", []string{"a", b.list("rows.shape", -1, 1)})
	b.weight("y.w", 1, 4)
	b.op("MatMul", "each", []string{"rows", "y.w"})
	b.op("ReduceMax", "y", []string{"each"}, onnxio.Ints("axes", 0))
	b.p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	return b.model()
}

// A budget of MACs needs the size of the image, and is met at it.
func TestBudgetAtOpenSize(t *testing.T) {
	t.Parallel()
	half := pruning.Budget{Of: pruning.MACs, Share: 0.5}
	m := flattened(t)
	if _, err := pruning.Prune(m, pruning.Config{Budget: half}); err == nil || !strings.Contains(err.Error(), `input "x" is of open size; give its shape`) {
		t.Errorf("error %v", err)
	}
	if _, err := pruning.Prune(m, pruning.Config{Budget: half, InputShapes: onnxio.InputShapes{"image": {1}}}); err == nil || !strings.Contains(err.Error(), `no input "image"`) {
		t.Errorf("error %v", err)
	}
	shapes := onnxio.InputShapes{"x": {1, 3, 12, 8}}
	r := prune(t, m, pruning.Config{Budget: half, InputShapes: shapes})
	after, err := op.CountModel(r.Model, shapes)
	if err != nil {
		t.Fatal(err)
	}
	const dense = 12 * 8 * (3*8*9 + 8*6*9 + 6*4)
	if r.Reached.Dense != dense || r.Reached.Got != after.MACs || after.MACs > dense/2 {
		t.Errorf("%+v, and the file has %d", r.Reached, after.MACs)
	}
}
