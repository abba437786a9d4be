package op_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// zoo are models trained and exported by others, where they lie beside the
// repository.
func zoo(t *testing.T) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("large models")
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "models", "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	light, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "models", "onnx-light", "*.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if files = append(files, light...); len(files) == 0 {
		t.Skip("no ../shared/models beside the repository")
	}
	return files
}

// TestZooShapes infers the shapes of models found in the wild and compares
// those of all values with what the runtime computes.
func TestZooShapes(t *testing.T) {
	for _, file := range zoo(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".onnx"), func(t *testing.T) {
			m, err := onnxio.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			f, err := op.InferGraph(m, op.InferOptions{Inputs: numbers(m)})
			if err != nil {
				t.Fatal(err)
			}
			if len(f.Unknown) > 0 {
				t.Logf("not in the table: %v", names(f.Unknown))
			}
			orttest.Need(t)
			compareValues(t, m, f)
		})
	}
}

// numbers binds the symbolic extents of a model's inputs.
func numbers(m *onnxio.Model) map[string]onnxio.Shape {
	bound := map[string]onnxio.Shape{}
	for _, v := range m.Graph.Inputs() {
		s := v.Type.Shape.Clone()
		for k, d := range s {
			switch {
			case d.IsKnown():
			case k == 0:
				s[k] = onnxio.Known(2)
			default:
				s[k] = onnxio.Known(64)
			}
		}
		bound[v.Name] = s
	}
	return bound
}

func names(nodes []*onnxio.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.Op())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// compareValues makes every value an output and runs the model.
func compareValues(t *testing.T, m *onnxio.Model, f *op.Facts) {
	t.Helper()
	all := m.Clone()
	p := all.Graph.Edit()
	for _, v := range m.Graph.Outputs() {
		p.RemoveOutput(v.Name)
	}
	var order []string
	var out []*ort.Tensor
	for _, n := range m.Graph.Nodes() {
		for _, o := range n.Outputs() {
			typ := f.Types[o]
			if o == "" || typ.Shape == nil || !supported(typ) {
				continue
			}
			order = append(order, o)
			p.SetOutputType(o, onnxio.Type{Elem: typ.Elem})
			out = append(out, nil)
			if dims, ok := typ.Shape.Ints(); ok && typ.Elem == onnxio.Float16 {
				out[len(out)-1] = zeros(t, typ.Elem, dims) // whose shape the runtime holds against its own
			}
		}
	}
	if len(order) == 0 {
		t.Skip("no value has a known shape")
	}
	p.SetTypes(nil)
	for _, v := range m.Graph.Inputs() {
		p.SetInputType(v.Name, onnxio.Type{Elem: v.Type.Elem, Shape: numbers(m)[v.Name]})
	}
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	runModel(t, all, out)
	compared := 0
	for i, name := range order {
		want := out[i].Shape()
		got, ok := f.Types[name].Shape.Ints()
		if !ok {
			t.Logf("%v: %v, the runtime gives %v", m.Graph.Producer(name), f.Types[name].Shape, want)
			continue
		}
		compared++
		if !slices.Equal(got, want) {
			t.Errorf("%v: inferred %v, the runtime gives %v", m.Graph.Producer(name), got, want)
		}
	}
	t.Logf("%d of %d values compared", compared, len(order))
}

func supported(typ onnxio.Type) bool {
	return typ.Elem == onnxio.Float32 || typ.Elem == onnxio.Float64 || typ.Elem.Int() || (typ.Elem == onnxio.Float16 && typ.Shape.Known())
}

func zeros(t *testing.T, elem onnxio.Elem, dims []int64) *ort.Tensor {
	t.Helper()
	x, err := ort.Zeros(elem, dims...)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// runModel runs a model on inputs that differ from element to element.
func runModel(t *testing.T, m *onnxio.Model, out []*ort.Tensor) {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	s, err := ort.NewSession(b, ort.SessionOptions{Optimization: ort.OptimizeNone})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var in []*ort.Tensor
	bound := numbers(m)
	for _, v := range m.Graph.Inputs() {
		dims, ok := bound[v.Name].Ints()
		if !ok {
			t.Skipf("input %q has no known rank", v.Name)
		}
		x := zeros(t, v.Type.Elem, dims)
		if v.Type.Elem == onnxio.Float32 {
			data := ort.Data[float32](x)
			for i := range data {
				data[i] = float32(i%251) / 251
			}
		}
		in = append(in, x)
	}
	if err := s.Run(t.Context(), in, out); err != nil {
		t.Fatal(err)
	}
}

// TestZooFold checks that folding keeps what the models found in the wild
// compute.
func TestZooFold(t *testing.T) {
	for _, file := range zoo(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".onnx"), func(t *testing.T) {
			m, err := onnxio.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			folded, err := op.Fold(m)
			if err != nil {
				t.Fatal(err)
			}
			before, after := len(m.Graph.Nodes()), len(folded.Graph.Nodes())
			t.Logf("%d nodes, %d after", before, after)
			again, err := op.Fold(folded)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(again.Graph.Nodes()); n != after {
				t.Errorf("folding twice leaves %d nodes, once %d", n, after)
			}
			if before == after {
				return
			}
			orttest.Need(t)
			want, got := make([]*ort.Tensor, len(m.Graph.Outputs())), make([]*ort.Tensor, len(m.Graph.Outputs()))
			runModel(t, m, want)
			runModel(t, folded, got)
			for i := range want {
				if !bytes.Equal(want[i].Bytes(), got[i].Bytes()) {
					t.Errorf("output %d differs after folding", i)
				}
			}
		})
	}
}
