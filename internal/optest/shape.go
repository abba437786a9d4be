package optest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// shape compares what inference finds with what the runtime computes.
func shape(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	out := run(t, m, feeds(t, d, c))
	known, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, known, m, out, nil, !runtimeShape(c))
	if c.Fixed {
		return
	}
	free, env := freeBatch(c)
	symbolic, err := op.InferGraph(m, op.InferOptions{Inputs: free})
	if err != nil {
		t.Fatalf("symbolic first axis: %v", err)
	}
	compare(t, symbolic, m, out, env, false)
}

// runtimeShape reports whether a case feeds integers, on which the shapes of
// its outputs may depend.
func runtimeShape(c *op.Case) bool {
	return slices.ContainsFunc(c.Inputs, func(in op.Input) bool { return !in.Absent && !in.Const && in.Elem == onnxio.Int64 })
}

// freeBatch replaces the first axis of every fed input, where it is above 1,
// by a symbol named after the extent.
func freeBatch(c *op.Case) (map[string]onnxio.Shape, map[string]int64) {
	shapes, env := map[string]onnxio.Shape{}, map[string]int64{}
	for i, in := range c.Inputs {
		if in.Absent || in.Const || len(in.Shape) == 0 || in.Shape[0] < 2 {
			continue
		}
		s := onnxio.ShapeOf(in.Shape...)
		name := fmt.Sprintf("N%d", in.Shape[0])
		s[0] = onnxio.Symbol(name)
		env[name] = in.Shape[0]
		shapes[fmt.Sprintf("x%d", i)] = s
	}
	return shapes, env
}

func compare(t *testing.T, f *op.Facts, m *onnxio.Model, out []*ort.Tensor, env map[string]int64, complete bool) {
	t.Helper()
	if len(f.Unknown) > 0 {
		t.Fatalf("not in the table: %v", f.Unknown)
	}
	for i, v := range m.Graph.Outputs() {
		got := f.Types[v.Name]
		if got.Elem != out[i].Elem() {
			t.Errorf("%s: element type %v, the runtime gives %v", v.Name, got.Elem, out[i])
		}
		if got.Shape == nil {
			if complete {
				t.Errorf("%s: no shape found, the runtime gives %v", v.Name, out[i])
			}
			continue
		}
		if !agree(got.Shape, out[i].Shape(), env, complete) {
			t.Errorf("%s: shape %v with %v, the runtime gives %v", v.Name, got.Shape, env, out[i])
		}
		dims, ok := f.Values[v.Name]
		if !ok {
			continue
		}
		want, err := ints(out[i])
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
		} else if !agree(dims, want, env, complete) {
			t.Errorf("%s: value %v with %v, the runtime gives %v", v.Name, dims, env, want)
		}
	}
}

// agree compares extents with numbers, symbols standing for what env says. A
// symbol that it does not name, which inference made up for an extent it
// could not find, agrees with anything unless complete is set; the name of a
// number, which has a question mark, always does.
func agree(got onnxio.Shape, want []int64, env map[string]int64, complete bool) bool {
	if len(got) != len(want) {
		return false
	}
	for i, d := range got {
		n, err := evaluate(d.String(), env)
		if err != nil && (!complete || strings.Contains(d.String(), "?")) {
			continue
		}
		if err != nil || n != want[i] {
			return false
		}
	}
	return true
}
