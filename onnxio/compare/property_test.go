package compare_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/compare"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// small is a small model as a list of things, one of which can be another.
type small struct {
	rng *rand.Rand
	p   *onnxio.Patch
	// weights, indices and shapes name constants, of which one element may
	// change; shapes also has what each may become.
	weights, indices []string
	shapes           map[string][]int64
	in, out          string
	tensors          map[string]*onnxio.Tensor
}

func (s *small) floats(name string, dims ...int64) string {
	n := onnxio.ShapeOf(dims...).Size().Or(0)
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(s.rng.NormFloat64())
	}
	s.weights = append(s.weights, name)
	return s.hold(onnxio.NewTensor(name, dims, v))
}

func (s *small) ints(name string, v ...int64) string {
	return s.hold(onnxio.NewTensor(name, []int64{int64(len(v))}, v))
}

func (s *small) hold(t *onnxio.Tensor) string {
	s.tensors[t.Name()] = t
	return t.Name()
}

func (s *small) op(kind, out string, in []string, attrs ...onnxio.Attr) string {
	s.p.Add(onnxio.NodeSpec{Op: kind, Name: out, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (s *small) input(elem onnxio.Elem, dims ...onnxio.Dim) string {
	s.p.SetInputType(s.in, onnxio.Type{Elem: elem, Shape: dims})
	return s.in
}

func (s *small) output(x string, elem onnxio.Elem) {
	s.op("Identity", s.out, []string{x})
	s.p.SetOutputType(s.out, onnxio.Type{Elem: elem, Shape: nil})
}

var batch, side = onnxio.Symbol("N"), onnxio.Symbol("H")

// kinds are the forms of small models.
var kinds = map[string]func(s *small){
	"perceptron": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(4))
		h := s.op("Relu", "h", []string{s.op("Gemm", "a", []string{x, s.floats("w", 4, 6), s.floats("b", 6)})})
		s.output(s.op("Gemm", "y", []string{h, s.floats("v", 6, 3), s.floats("c", 3)}), onnxio.Float32)
	},
	"embedding": func(s *small) {
		rows := int64(3 + s.rng.IntN(200))
		x := s.input(onnxio.Int64, batch, onnxio.Known(5))
		e := s.op("Gather", "e", []string{s.floats("table", rows, 4), x})
		s.output(s.op("MatMul", "y", []string{e, s.floats("w", 4, 3)}), onnxio.Float32)
	},
	"shifted embedding": func(s *small) {
		x := s.input(onnxio.Int64, batch, onnxio.Known(3))
		at := s.op("Add", "at", []string{x, s.hold(onnxio.Scalar("two", int64(2)))})
		s.output(s.op("Gather", "e", []string{s.floats("table", 40, 4), at}), onnxio.Float32)
	},
	"convolution over an open map": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(2), side, side)
		a := s.op("Conv", "a", []string{x, s.floats("w", 4, 2, 5, 5)})
		b := s.op("Conv", "b", []string{s.op("Relu", "r", []string{a}), s.floats("v", 3, 4, 3, 3)})
		s.output(s.op("GlobalAveragePool", "y", []string{b}), onnxio.Float32)
	},
	"shuffle": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(6))
		s.indices = append(s.indices, "order")
		g := s.op("Gather", "g", []string{x, s.ints("order", 3, 0, 5, 1, 4, 2)}, onnxio.Int("axis", 1))
		s.output(s.op("MatMul", "y", []string{g, s.floats("w", 6, 2)}), onnxio.Float32)
	},
	"reshape": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(4))
		s.shapes["to"] = []int64{-1, 3, 2}
		s.output(s.op("Reshape", "y", []string{s.op("MatMul", "a", []string{x, s.floats("w", 4, 6)}), s.ints("to", -1, 2, 3)}), onnxio.Float32)
	},
	"best class": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(4))
		y := s.op("ArgMax", "y", []string{s.op("MatMul", "a", []string{x, s.floats("w", 4, 6)})}, onnxio.Int("axis", 1))
		s.indices = append(s.indices, "names")
		s.output(s.op("Gather", "n", []string{s.ints("names", 10, 21, 32, 43, 54, 65), y}), onnxio.Int64)
	},
	"saturated": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(4))
		s.output(s.op("Sigmoid", "y", []string{s.op("MatMul", "a", []string{x, s.floats("w", 4, 6)})}), onnxio.Float32)
	},
	"logarithm first": func(s *small) {
		x := s.input(onnxio.Float32, batch, onnxio.Known(4))
		s.output(s.op("MatMul", "y", []string{s.op("Log", "l", []string{x}), s.floats("w", 4, 3)}), onnxio.Float32)
	},
}

// build makes a model of a kind; change may alter it before it is finished.
func build(t *testing.T, kind string, seed uint64, change func(s *small)) *onnxio.Model {
	t.Helper()
	m := onnxio.New(kind)
	s := &small{rng: rand.New(rand.NewPCG(seed, 1)), p: m.Graph.Edit(), shapes: map[string][]int64{}, in: "x", out: "result", tensors: map[string]*onnxio.Tensor{}}
	if change != nil {
		renamed := &small{}
		change(renamed)
		if renamed.in != "" {
			s.in = renamed.in
		}
		if renamed.out != "" {
			s.out = renamed.out
		}
	}
	kinds[kind](s)
	if change != nil {
		change(s)
	}
	for _, w := range s.tensors {
		s.p.SetInitializer(w)
	}
	if err := s.p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

// changes are what may differ between the models of a pair; each reports by
// panicking with errNone where the kind has nothing of it.
func changes(rng *rand.Rand) map[string]func(s *small) {
	pickFrom := func(list []string) string { return list[rng.IntN(len(list))] }
	return map[string]func(s *small){
		"one weight": func(s *small) {
			if s.p == nil || len(s.weights) == 0 {
				return
			}
			w := s.tensors[pickFrom(s.weights)]
			v, _ := w.Floats()
			v[rng.IntN(len(v))] += 0.25
			s.tensors[w.Name()], _ = w.WithFloats(v)
		},
		"one index": func(s *small) {
			if s.p == nil || len(s.indices) == 0 {
				return
			}
			w := s.tensors[pickFrom(s.indices)]
			v, _ := w.Ints()
			i := rng.IntN(len(v))
			v[i] = v[(i+1)%len(v)]
			s.tensors[w.Name()] = onnxio.NewTensor(w.Name(), w.Dims(), v)
		},
		"one shape": func(s *small) {
			for name, v := range s.shapes {
				s.tensors[name] = onnxio.NewTensor(name, []int64{int64(len(v))}, v)
			}
		},
		"the input's name":  func(s *small) { s.in = "z" },
		"the output's name": func(s *small) { s.out = "outcome" },
	}
}

// applies says of which kinds a change makes another model.
func applies(change, kind string) bool {
	switch change {
	case "one index":
		return kind == "shuffle" || kind == "best class"
	case "one shape":
		return kind == "reshape"
	}
	return true
}

// TestFindsEveryDifference draws pairs of small models that differ in one
// weight, one index, one shape or one name, and pairs that do not.
func TestFindsEveryDifference(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	names := []string{"one weight", "one index", "one shape", "the input's name", "the output's name"}
	var sorted []string
	for kind := range kinds {
		sorted = append(sorted, kind)
	}
	slices.Sort(sorted)
	o := compare.Options{Session: ort.SessionOptions{Threads: 1}}
	for _, kind := range sorted {
		for seed := range uint64(12) {
			x := build(t, kind, seed, nil)
			o.Seed = seed
			if r, err := compare.Models(context.Background(), x, x, o); err != nil || !r.Equal() {
				t.Errorf("%s %d and itself: %+v, %v", kind, seed, r, err)
			}
			for i, change := range names {
				if !applies(change, kind) || (i > 0 && seed > 2) {
					continue
				}
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				y := build(t, kind, seed, changes(rng)[change])
				r, err := compare.Models(context.Background(), x, y, o)
				if err != nil || r.Equal() {
					t.Errorf("%s %d, but for %s: %+v, %v", kind, seed, change, r, err)
				}
			}
		}
	}
}

// TestFirstNode: a difference names the first node at which it arises, not the
// output.
func TestFirstNode(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	x := build(t, "perceptron", 1, nil)
	y := build(t, "perceptron", 1, func(s *small) {
		if s.p == nil {
			return
		}
		v, _ := s.tensors["w"].Floats()
		v[0]++
		s.tensors["w"], _ = s.tensors["w"].WithFloats(v)
	})
	r, err := compare.Models(context.Background(), x, y, compare.Options{})
	if want := `node "a" (Gemm)`; err != nil || r.Node != want || r.Equal() {
		t.Errorf("%+v, %v; want the first node %s", r, err, want)
	}
	if got := r.Difference(); got == "" {
		t.Error(fmt.Errorf("nothing is said of a difference"))
	}
}

// TestRandomOutputs: what is drawn at random is left out, and said.
func TestRandomOutputs(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	noisy := func(both bool) *onnxio.Model {
		m := onnxio.New("noise")
		p := m.Graph.Edit()
		p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{batch, onnxio.Known(4)}})
		p.SetInitializer(onnxio.NewTensor("r", nil, []float32{0.5}))
		p.SetInitializer(onnxio.NewTensor("on", nil, []bool{true}))
		p.Add(onnxio.NodeSpec{Op: "Relu", Name: "h", Inputs: []string{"x"}, Outputs: []string{"h"}})
		p.Add(onnxio.NodeSpec{Op: "Dropout", Name: "d", Inputs: []string{"h", "r", "on"}, Outputs: []string{"y"}})
		p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
		if both {
			p.SetOutputType("h", onnxio.Type{Elem: onnxio.Float32})
		}
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := noisy(true)
	want := []string{`output y, which hangs on what node "d" (Dropout) draws at random`}
	if r, err := compare.Models(context.Background(), m, m, compare.Options{}); err != nil || !r.Equal() || !slices.Equal(r.Unseen, want) {
		t.Errorf("%+v, %v; want unseen %q", r, err, want)
	}
	m = noisy(false)
	if r, err := compare.Models(context.Background(), m, m, compare.Options{}); err == nil {
		t.Errorf("%+v of nothing", r)
	}
}
