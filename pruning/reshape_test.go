package pruning_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestFlattenedBlock: behind a Flatten each channel is a block of a matrix's
// columns, however wide the maps are.
func TestFlattenedBlock(t *testing.T) {
	for _, side := range []int64{1, 2, 7} {
		t.Run(fmt.Sprint(side), func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 3)
			b.input("x", 0, 3, side, side+1)
			b.conv("a", "x", 3, 4, 1, 1)
			b.op("Flatten", "f", []string{"a"})
			b.gemm("h", "f", 4*side*(side+1), 6)
			b.gemm("y", "h", 6, 3)
			b.output("y", 0, 3)
			m := b.model()
			a := analyze(t, m, pruning.Options{})
			wantGroups(t, a, "4 [a.w:0 h.w:1]", "6 [h.w:0 h.b:0 y.w:1]")
			out, plan, err := a.Apply(pruning.Selection{{1, 3}, nil}, "")
			if err != nil {
				t.Fatal(err)
			}
			per := int(side * (side + 1))
			var want []int
			for _, c := range []int{1, 3} {
				for i := range per {
					want = append(want, c*per+i)
				}
			}
			if got := plan.Initializers["h.w"].Kept["1"]; !slices.Equal(got, want) {
				t.Errorf("columns %v are kept, want %v", got, want)
			}
			if v := verify(t, a, pruning.Selection{{1, 3}, nil}, out); !v.Equal() {
				t.Errorf("%+v", v)
			}
			mustEqual(t, m, 4)
		})
	}
}

func TestReshapes(t *testing.T) {
	for _, tc := range []struct {
		name  string
		batch int64
		build func(b *net) // from "a" [N,4,2,3] to "f" [N,24]
		want  []string
	}{
		{"constant", 0, func(b *net) { b.op("Reshape", "f", []string{"a", b.list("s", -1, 24)}) }, []string{"4 [a.w:0 h.w:1]"}},
		{"constant, copied batch", 0, func(b *net) { b.op("Reshape", "f", []string{"a", b.list("s", 0, -1)}) }, []string{"4 [a.w:0 h.w:1]"}},
		{"constant in a node, batch of 1", 1, func(b *net) {
			s := b.constant("s", onnxio.NewTensor("", []int64{2}, []int64{1, 24}))
			b.op("Reshape", "f", []string{"a", s})
		}, []string{"4 [a.w:0 h.w:1]"}},
		{"in two steps", 0, func(b *net) {
			b.op("Reshape", "f1", []string{"a", b.list("s", 0, 4, 6)})
			b.op("Reshape", "f", []string{"f1", b.list("s2", 0, 24)})
		}, []string{"4 [a.w:0 h.w:1]"}},
		{"to maps last", 0, func(b *net) {
			b.op("Transpose", "f1", []string{"a"}, onnxio.Ints("perm", 0, 2, 3, 1))
			b.op("Reshape", "f", []string{"f1", b.list("s", 0, -1)})
		}, []string{"4 [a.w:0 h.w:1]"}},
		{"at run time", 0, func(b *net) {
			b.op("Shape", "as", []string{"a"})
			b.op("Gather", "n", []string{"as", b.list("zero", 0)}, onnxio.Int("axis", 0))
			b.op("Concat", "s", []string{"n", b.list("open", -1)}, onnxio.Int("axis", 0))
			b.op("Reshape", "f", []string{"a", "s"})
		}, []string{"4 [a.w:0 h.w:1]"}},
		{"at run time to a number", 0, func(b *net) {
			b.op("Shape", "as", []string{"a"})
			b.op("Gather", "n", []string{"as", b.list("zero", 0)}, onnxio.Int("axis", 0))
			b.op("Concat", "s", []string{"n", b.list("fixed", 24)}, onnxio.Int("axis", 0))
			b.op("Reshape", "f", []string{"a", "s"})
		}, []string{"4 [a.w:0 h.w:1]"}},
		{"across the batch", 0, func(b *net) {
			b.op("Reshape", "f1", []string{"a", b.list("s", -1, 3)})
			b.op("Reshape", "f", []string{"f1", b.list("s2", -1, 24)})
		}, []string{"4 [a.w:0 h.w:1]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 4)
			b.input("x", tc.batch, 3, 2, 3)
			b.conv("a", "x", 3, 4, 3, 1)
			tc.build(b)
			b.gemm("h", "f", 24, 6)
			b.gemm("y", "h", 6, 3)
			b.output("y", tc.batch, 3)
			m := b.model()
			wantGroups(t, analyze(t, m, pruning.Options{}), append(tc.want, "6 [h.w:0 h.b:0 y.w:1]")...)
			mustEqual(t, m, 5)
		})
	}
}

// TestReshapeConstantIsRewritten: the number in the shape follows the pruned
// axis, in a Constant node, and the old list is gone.
func TestReshapeConstantIsRewritten(t *testing.T) {
	t.Parallel()
	b := newNet(t, 4)
	b.input("x", 0, 3, 2, 3)
	b.conv("a", "x", 3, 4, 3, 1)
	b.op("Reshape", "f", []string{"a", b.list("s", -1, 24)})
	b.op("Relu", "r", []string{"f"})
	b.gemm("y", "r", 24, 3)
	b.output("y", 0, 3)
	m := b.model()
	r := prune(t, m, pruning.Config{Ratio: 0.5})
	var shape []int64
	for _, n := range r.Model.Graph.Nodes() {
		if n.Op() == "Reshape" {
			c, root := r.Model.Graph.Constant(n.Input(1))
			if c == nil || r.Model.Graph.Producer(root) == nil {
				t.Fatalf("the shape %q is no Constant node", n.Input(1))
			}
			shape, _ = c.Ints()
		}
	}
	if !slices.Equal(shape, []int64{-1, 12}) {
		t.Errorf("the shape is %v, want [-1 12]", shape)
	}
	if r.Model.Graph.Initializer("s") != nil {
		t.Error("the old shape is still there")
	}
}

// TestSharedShape: two Reshapes read one list and lose different channels.
func TestSharedShape(t *testing.T) {
	t.Parallel()
	for _, constant := range []bool{false, true} {
		b := newNet(t, 4)
		b.input("x", 0, 3, 2, 3)
		if constant {
			b.constant("s", onnxio.NewTensor("", []int64{2}, []int64{-1, 24}))
		} else {
			b.list("s", -1, 24)
		}
		for _, n := range []string{"1", "2", "3"} {
			b.conv("a"+n, "x", 3, 4, 3, 1)
			b.op("Reshape", "f"+n, []string{"a" + n, "s"})
			b.gemm("y"+n, "f"+n, 24, 3)
			b.output("y"+n, 0, 3)
		}
		m := b.model()
		a := analyze(t, m, pruning.Options{})
		sel := pruning.Selection{{0}, {1, 2, 3}, nil}
		out, _, err := a.Apply(sel, "")
		if err != nil {
			t.Fatal(err)
		}
		if v := verify(t, a, sel, out); !v.Equal() {
			t.Errorf("%+v", v)
		}
	}
}

// TestSqueezeOfAll: a Squeeze that names no axes goes on dropping the same ones
// when one channel is left.
func TestSqueezeOfAll(t *testing.T) {
	t.Parallel()
	for _, opset := range []int64{11, 17} {
		b := newNet(t, 4)
		b.m.SetOpset("", opset)
		b.input("x", 1, 3, 5, 6)
		b.conv("a", "x", 3, 4, 3, 1)
		b.op("GlobalAveragePool", "p", []string{"a"})
		b.op("Squeeze", "s", []string{"p"})
		b.op("MatMul", "y", []string{"s", b.weight("y.w", 4, 3)})
		b.output("y", 3)
		a := analyze(t, b.model(), pruning.Options{})
		wantGroups(t, a, "4 [a.w:0 y.w:0]")
		sel := pruning.Selection{{2}}
		out, _, err := a.Apply(sel, "")
		if err != nil {
			t.Fatal(err)
		}
		if v := verify(t, a, sel, out); !v.Equal() {
			t.Errorf("opset %d: %+v", opset, v)
		}
	}
}
