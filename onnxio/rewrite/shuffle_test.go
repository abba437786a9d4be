package rewrite_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// shuffled is a graph that reshapes to parts, transposes and reshapes to
// back; x is [N, 12, 2, 3].
func shuffled(t *testing.T, parts, perm, back []int64) *onnxio.Model {
	t.Helper()
	m := onnxio.New("shuffle")
	p := m.Graph.Edit()
	s := onnxio.ShapeOf(0, 12, 2, 3)
	s[0] = onnxio.Symbol("N")
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: s})
	p.SetInitializer(onnxio.NewTensor("parts", []int64{int64(len(parts))}, parts))
	p.SetInitializer(onnxio.NewTensor("back", []int64{int64(len(back))}, back))
	p.Add(onnxio.NodeSpec{Op: "Reshape", Inputs: []string{"x", "parts"}, Outputs: []string{"a"}})
	p.Add(onnxio.NodeSpec{Op: "Transpose", Inputs: []string{"a"}, Outputs: []string{"b"}, Attrs: []onnxio.Attr{onnxio.Ints("perm", perm...)}})
	p.Add(onnxio.NodeSpec{Op: "Reshape", Inputs: []string{"b", "back"}, Outputs: []string{"y"}})
	p.SetOutputType("y", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestListShuffles(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name              string
		parts, perm, back []int64
		listed            bool
	}{
		{"two groups", []int64{-1, 2, 6, 2, 3}, []int64{0, 2, 1, 3, 4}, []int64{-1, 12, 2, 3}, true},
		{"three parts", []int64{-1, 2, 3, 2, 2, 3}, []int64{0, 3, 1, 2, 4, 5}, []int64{-1, 12, 2, 3}, true},
		{"to another shape", []int64{-1, 2, 6, 2, 3}, []int64{0, 2, 1, 3, 4}, []int64{-1, 6, 4, 3}, false},
		{"across axes", []int64{-1, 2, 6, 2, 3}, []int64{0, 3, 2, 1, 4}, []int64{-1, 12, 2, 3}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			m := shuffled(t, tc.parts, tc.perm, tc.back)
			out, err := rewrite.ListShuffles(m)
			if err != nil {
				t.Fatal(err)
			}
			if listed := out.Graph.Producer("y").Op() == "Gather"; listed != tc.listed || (listed && out == m) {
				t.Fatalf("y is made by %v", out.Graph.Producer("y"))
			}
			if want, got := run(t, m, 2), run(t, out, 2); !slices.Equal(want, got) {
				t.Errorf("%v, want %v", got, want)
			}
		})
	}
}

// TestListShufflesLeavesWhatIsRead: an inner value that something else reads
// stays.
func TestListShufflesLeavesWhatIsRead(t *testing.T) {
	t.Parallel()
	m := shuffled(t, []int64{-1, 2, 6, 2, 3}, []int64{0, 2, 1, 3, 4}, []int64{-1, 12, 2, 3})
	p := m.Graph.Edit()
	p.SetOutputType("b", onnxio.Type{Elem: onnxio.Float32})
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
	out, err := rewrite.ListShuffles(m)
	if err != nil {
		t.Fatal(err)
	}
	if out.Graph.Producer("y").Op() != "Reshape" {
		t.Error("a value that is an output was taken away")
	}
}
