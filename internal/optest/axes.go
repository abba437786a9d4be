package optest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

// axes prunes the case as a model of its own. All its inputs are constants,
// so that each of their axes is offered to be cut, and every float output is
// multiplied by a constant, whose cut tells what the axis rule makes of the
// output. The pruned model must compute what the masked one does at the
// indices that stay.
func axes(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := op.NewAxes(f, m.Graph, m.Graph.Nodes()[0]); err != nil {
		t.Fatal(err)
	}
	if runtimeShape(c) {
		return // what is fed as a shape does not follow a cut
	}
	probed, err := probe(d, c, m, f)
	if err != nil {
		t.Fatal(err)
	}
	if probed == nil {
		return
	}
	a, err := pruning.Analyze(probed, pruning.Options{FreeEnds: true})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(2, 3))
	together := make(pruning.Selection, len(a.Groups))
	for i, g := range a.Groups {
		if g.Size < 2 {
			continue
		}
		keep := rng.Perm(g.Size)[:1+rng.IntN(g.Size-1)]
		slices.Sort(keep)
		alone := make(pruning.Selection, len(a.Groups))
		alone[i], together[i] = keep, keep
		masked(t, a, alone, g.Name())
	}
	masked(t, a, together, "all groups")
}

// probe is the model with constant inputs and a constant, named after each
// such output, that multiplies it; nil where there is none.
func probe(d *op.Def, c *op.Case, m *onnxio.Model, f *op.Facts) (*onnxio.Model, error) {
	out := m.Clone()
	p := out.Graph.Edit()
	for _, v := range m.Graph.Inputs() {
		i, err := strconv.Atoi(v.Name[1:])
		if err != nil {
			return nil, err
		}
		p.RemoveInput(v.Name)
		p.SetInitializer(c.Tensor(d, i))
	}
	probes := 0
	for _, v := range m.Graph.Outputs() {
		p.RemoveOutput(v.Name)
		dims, ok := f.Types[v.Name].Shape.Ints()
		if !ok || !(v.Type.Elem == onnxio.Float32 || quantised(v.Type.Elem)) || onnxio.ShapeOf(dims...).Size().Is(0) {
			continue
		}
		factors := make([]float32, onnxio.ShapeOf(dims...).Size().Or(0))
		for i := range factors {
			factors[i] = 1 + float32(i%7)
		}
		p.SetInitializer(onnxio.NewTensor("probe."+v.Name, dims, factors))
		value := v.Name
		if quantised(v.Type.Elem) {
			value = "float." + v.Name
			p.Add(onnxio.NodeSpec{Op: "Cast", Inputs: []string{v.Name}, Outputs: []string{value}, Attrs: []onnxio.Attr{onnxio.Int("to", int64(onnxio.Float32))}})
		}
		p.Add(onnxio.NodeSpec{Op: "Mul", Inputs: []string{value, "probe." + v.Name}, Outputs: []string{"probed." + v.Name}})
		p.SetOutputType("probed."+v.Name, onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.ShapeOf(dims...)})
		probes++
	}
	if probes == 0 {
		return nil, nil
	}
	return out, p.Apply()
}

// quantised reports whether an element type is one that quantised operators
// give.
func quantised(e onnxio.Elem) bool {
	return e == onnxio.Int8 || e == onnxio.Uint8 || e == onnxio.Int16 || e == onnxio.Uint16 || e == onnxio.Int32
}

// masked compares the pruned model with the masked one.
func masked(t *testing.T, a *pruning.Analysis, sel pruning.Selection, what string) {
	t.Helper()
	pruned, plan, err := a.Apply(sel, "")
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	full, err := a.Masked(sel)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	got, want := run(t, pruned, nil), run(t, full, nil)
	for i, v := range full.Graph.Outputs() {
		kept := plan.Initializers["probe"+v.Name[len("probed"):]].Kept
		y, dims := take(ort.Data[float32](want[i]), want[i].Shape(), kept)
		if !slices.Equal(got[i].Shape(), dims) {
			t.Errorf("%s: %s is %v, masked and cut %v", what, v.Name, got[i], dims)
			continue
		}
		for k, x := range ort.Data[float32](got[i]) {
			if math.Abs(float64(x-y[k])) > 1e-4*(1+math.Abs(float64(y[k]))) {
				t.Errorf("%s: element %d of %s is %v, masked %v", what, k, v.Name, x, y[k])
				break
			}
		}
	}
}

// take cuts an array down to the positions kept of each axis.
func take(v []float32, dims []int64, kept map[string][]int) ([]float32, []int64) {
	t := onnxio.NewTensor("", dims, v)
	for k := range dims {
		if keep, ok := kept[fmt.Sprint(k)]; ok {
			var err error
			if t, err = t.Take(k, keep); err != nil {
				panic("BUG: " + err.Error())
			}
		}
	}
	out, err := t.Floats()
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return out, t.Dims()
}
