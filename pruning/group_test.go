package pruning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

func TestGroupsOfAChain(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 3, 6, 6)
	b.conv("a", "x", 3, 8, 3, 1)
	b.bn("n", "a", 8)
	b.relu("r", "n")
	b.conv("y", "r", 8, 4, 1, 1)
	b.head("y", 4)
	m := b.model()
	a := analyze(t, m, pruning.Options{})
	wantGroups(t, a,
		"8 [a.w:0 n.scale:0 n.shift:0 n.mean:0 n.var:0 y.w:1]",
		"4 [y.w:0 logits.w:1]",
	)
	for _, tc := range []struct {
		weight string
		axis   int
		want   string
	}{
		{"a.w", 0, ""},
		{"a.w", 1, `graph input "x", axis 1`},
		{"a.w", 2, `node "a" (Conv): Conv slides over this axis`},
		{"y.w", 2, ""}, // of extent 1: nothing to prune, nothing to explain
		{"logits.w", 0, `graph output "logits", axis 1`},
		{"logits.w", 1, ""},
		{"logits.b", 0, `graph output "logits", axis 1`},
	} {
		if got := reason(a, tc.weight, tc.axis); got != tc.want {
			t.Errorf("%s axis %d is pinned by %q, want %q", tc.weight, tc.axis, got, tc.want)
		}
	}
	mustEqual(t, m, 1)
}

// TestStageIsOneGroup: a residual stream and all that writes to it or reads
// it goes by the same indices.
func TestStageIsOneGroup(t *testing.T) {
	t.Parallel()
	a := analyze(t, build(t, "resnet20", models.Options{}), pruning.Options{})
	stages := 0
	for _, g := range a.Groups {
		kernels := 0
		for _, m := range g.Members {
			if strings.Contains(m.Initializer, "conv") || strings.Contains(m.Initializer, "shortcut") || strings.Contains(m.Initializer, "downsample") {
				kernels++
			}
		}
		if kernels > 2 {
			stages++
		}
	}
	// Three streams, and one group between the two convolutions of each of
	// nine blocks.
	if stages != 3 || len(a.Groups) != 12 {
		t.Errorf("%d groups of which %d are streams: %q", len(a.Groups), stages, groups(a))
	}
}

func TestConvolutionGroups(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(b *net) // from "a" of 8 channels to "y" of 12
		want  []string
	}{
		{"depthwise", func(b *net) {
			b.conv("d", "a", 8, 8, 3, 8)
			b.conv("y", "d", 8, 12, 1, 1)
		}, []string{"8 [a.w:0 d.w:0 y.w:1]", "12 [y.w:0 logits.w:1]"}},
		{"depth multiplier", func(b *net) {
			b.convOf("d", "a", []string{b.weight("d.w", 24, 1, 3, 3), b.weight("d.b", 24)}, 3, 8)
			b.conv("y", "d", 24, 12, 1, 1)
		}, []string{"8 [a.w:0 d.w:0 d.b:0 y.w:1]", "12 [y.w:0 logits.w:1]"}},
		{"multiplier of a multiplier", func(b *net) {
			b.convOf("d", "a", []string{b.weight("d.w", 16, 1, 3, 3)}, 3, 8)
			b.convOf("e", "d", []string{b.weight("e.w", 48, 1, 3, 3)}, 3, 16)
			b.conv("y", "e", 48, 12, 1, 1)
		}, []string{"8 [a.w:0 d.w:0 e.w:0 y.w:1]", "12 [y.w:0 logits.w:1]"}},
		{"grouped", func(b *net) {
			b.conv("y", "a", 8, 12, 3, 4)
		}, []string{"2 [a.w:0 y.w:1]", "3 [y.w:0 logits.w:1]"}},
		{"groups of two widths", func(b *net) {
			b.conv("d", "a", 8, 8, 3, 4)
			b.conv("y", "d", 8, 12, 3, 2)
		}, []string{"2 [a.w:0 d.w:1]", "2 [d.w:0 y.w:1]", "6 [y.w:0 logits.w:1]"}},
		{"transposed weight on the left", func(b *net) {
			b.op("GlobalAveragePool", "p", []string{"a"})
			b.op("Flatten", "f", []string{"p"})
			b.op("Transpose", "ft", []string{"f"}, onnxio.Ints("perm", 1, 0))
			b.op("Gemm", "g", []string{b.weight("g.w", 8, 12), "ft"}, onnxio.Int("transA", 1))
			b.op("Transpose", "gt", []string{"g"}, onnxio.Ints("perm", 1, 0))
			b.op("Reshape", "y", []string{"gt", b.list("s", 0, 0, 1, 1)})
		}, []string{"8 [a.w:0 g.w:0]", "12 [g.w:1 logits.w:1]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 2)
			b.input("x", 0, 3, 5, 6)
			b.conv("a", "x", 3, 8, 3, 1)
			tc.build(b)
			b.head("y", 12)
			m := b.model()
			wantGroups(t, analyze(t, m, pruning.Options{}), tc.want...)
			mustEqual(t, m, 3)
			mustEqual(t, m, 4)
		})
	}
}

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

// TestCompositions proves what no single operator shows: gates, shuffles and
// halves that meet again.
func TestCompositions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(b *net) // from "a" of 8 channels to "y" of 8
		want  []string
	}{
		{"squeeze and excitation", func(b *net) {
			b.op("GlobalAveragePool", "p", []string{"a"})
			b.conv("s", "p", 8, 4, 1, 1)
			b.conv("e", b.relu("r", "s"), 4, 8, 1, 1)
			b.op("Sigmoid", "g", []string{"e"})
			b.op("Mul", "y", []string{"a", "g"})
		}, []string{"8 [a.w:0 s.w:1 e.w:0 logits.w:1]", "4 [s.w:0 e.w:1]"}},
		{"gated halves", func(b *net) {
			b.split([]string{"a"}, "h1", "h2")
			b.op("Sigmoid", "g", []string{"h2"})
			b.op("Mul", "m", []string{"h1", "g"})
			b.conv("y", "m", 4, 8, 1, 1)
		}, []string{"4 [a.w:0 y.w:1]", "8 [y.w:0 logits.w:1]"}},
		{"halves apart", func(b *net) {
			b.split([]string{"a", b.list("sizes", 3, 5)}, "h1", "h2")
			b.conv("c", "h1", 3, 3, 3, 1)
			b.op("Concat", "y", []string{"h2", "c"}, onnxio.Int("axis", 1))
		}, []string{"3 [a.w:0 c.w:1]", "5 [a.w:0 logits.w:1]", "3 [c.w:0 logits.w:1]"}},
		{"channel shuffle", func(b *net) {
			b.op("Reshape", "r1", []string{"a", b.list("s1", 0, 2, 4, 5, 6)})
			b.op("Transpose", "tr", []string{"r1"}, onnxio.Ints("perm", 0, 2, 1, 3, 4))
			b.op("Reshape", "r2", []string{"tr", b.list("s2", 0, 8, 5, 6)})
			b.conv("y", "r2", 8, 8, 1, 1)
		}, []string{"8 [a.w:0 y.w:1]", "8 [y.w:0 logits.w:1]"}},
		{"twice the same", func(b *net) {
			b.op("Concat", "cc", []string{"a", "a"}, onnxio.Int("axis", 1))
			b.conv("y", "cc", 16, 8, 1, 1)
		}, []string{"8 [a.w:0 y.w:1]", "8 [y.w:0 logits.w:1]"}},
		{"a constant for each channel", func(b *net) {
			b.op("Mul", "m", []string{"a", b.weight("gamma", 8, 1, 1)})
			b.op("Add", "n", []string{"m", b.weight("row", 6)})
			b.op("Add", "y", []string{"n", b.weight("beta", 1, 8, 1, 1)})
		}, []string{"8 [a.w:0 gamma:0 beta:1 logits.w:1]"}},
		{"padded channels", func(b *net) {
			b.op("Pad", "pd", []string{"a", b.list("pads", 0, 2, 0, 0, 0, 1, 0, 0)})
			b.conv("c", "x", 3, 11, 1, 1)
			b.op("Add", "s", []string{"pd", "c"})
			b.conv("y", "s", 11, 8, 1, 1)
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 3)
			b.input("x", 0, 3, 5, 6)
			b.conv("a", "x", 3, 8, 3, 1)
			tc.build(b)
			b.head("y", 8)
			m := b.model()
			if tc.want != nil {
				wantGroups(t, analyze(t, m, pruning.Options{}), tc.want...)
			}
			mustEqual(t, m, 3)
			mustEqual(t, m, 4)
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

// TestMeasuredExtents: an extent that the model computes with stays; one that
// is only read as a shape does not.
func TestMeasuredExtents(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		read func(b *net) // the extents of "a", of 4 channels
		want string
	}{
		{"sum over the number of elements", func(b *net) {
			b.op("ReduceSum", "sum", []string{"a"})
			b.op("Size", "n", []string{"a"})
			b.op("Cast", "nf", []string{"n"}, onnxio.Int("to", int64(onnxio.Float32)))
			b.op("Div", "z", []string{"sum", "nf"})
			b.output("z", 1, 1, 1, 1)
		}, `node "z" (Div) reads its extent as data`},
		{"extents given out", func(b *net) {
			b.op("Shape", "s", []string{"a"})
			b.p.SetOutputType("s", onnxio.Type{Elem: onnxio.Int64, Shape: onnxio.ShapeOf(4)})
		}, `graph output "s" reads its extent as data`},
		{"batch given out", func(b *net) {
			b.op("Shape", "s", []string{"a"})
			b.op("Gather", "n", []string{"s", b.list("first", 0)})
			b.p.SetOutputType("n", onnxio.Type{Elem: onnxio.Int64, Shape: onnxio.ShapeOf(1)})
		}, ""},
		{"zeros of the same shape", func(b *net) {
			b.op("Shape", "s", []string{"a"})
			b.op("ConstantOfShape", "o", []string{"s"})
			b.op("Add", "ao", []string{"a", "o"})
			b.conv("z", "ao", 4, 2, 1, 1)
			b.output("z", 0, 2, 5, 6)
		}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 4)
			b.input("x", 0, 3, 5, 6)
			b.conv("a", "x", 3, 4, 3, 1)
			tc.read(b)
			b.conv("y", "a", 4, 6, 3, 1)
			b.conv("last", "y", 6, 2, 1, 1)
			b.output("last", 0, 2, 5, 6)
			m := b.model()
			if got := reason(analyze(t, m, pruning.Options{}), "a.w", 0); !strings.HasPrefix(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("pinned by %q, want %q", got, tc.want)
			}
			mustEqual(t, m, 1)
		})
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

func TestSharedConstants(t *testing.T) {
	t.Run("bias", func(t *testing.T) {
		t.Parallel()
		b := newNet(t, 5)
		b.input("x", 0, 3, 4, 4)
		b.weight("b", 6)
		b.convOf("a", "x", []string{b.weight("a.w", 6, 3, 3, 3), "b"}, 3, 1)
		b.convOf("c", "a", []string{b.weight("c.w", 6, 6, 3, 3), "b"}, 3, 1)
		b.convOf("d", "c", []string{b.weight("d.w", 6, 6, 3, 3), "b"}, 3, 1)
		b.output("d", 0, 6, 4, 4)
		m := b.model()
		a := analyze(t, m, pruning.Options{})
		wantGroups(t, a, "6 [a.w:0 b:0 c.w:1]", "6 [c.w:0 b:0 d.w:1]")
		sel := pruning.Selection{{0, 5}, {1, 2, 3}}
		out, plan, err := a.Apply(sel, "")
		if err != nil {
			t.Fatal(err)
		}
		if v := verify(t, a, sel, out); !v.Equal() {
			t.Errorf("%+v", v)
		}
		// The first reader keeps the name; of the others each has its own.
		names := []string{}
		for _, n := range out.Graph.Nodes() {
			names = append(names, n.Input(2))
		}
		if names[0] != "b" || names[1] == "b" || names[2] == "b" || names[1] == names[2] {
			t.Fatalf("the convolutions read %q", names)
		}
		for i, want := range []string{"[0 5]", "[1 2 3]", "[]"} {
			e := plan.Initializers[names[i]]
			if got := fmt.Sprint(e.Kept["0"]); got != want || e.Source(names[i]) != "b" || (i > 0) != (e.From == "b") {
				t.Errorf("%s: %+v, want %s kept from b", names[i], e, want)
			}
		}
		if !slices.Equal(dims(t, out, names[2]), []int64{6}) {
			t.Errorf("the whole copy has shape %v", dims(t, out, names[2]))
		}
	})
	t.Run("whole bias first", func(t *testing.T) {
		t.Parallel()
		b := newNet(t, 5)
		b.input("x", 0, 3, 4, 4)
		b.weight("b", 6)
		b.convOf("a", "x", []string{b.weight("a.w", 6, 3, 1, 1), "b"}, 1, 1)
		b.convOf("c", "x", []string{b.weight("c.w", 6, 3, 1, 1), "b"}, 1, 1)
		b.conv("d", "c", 6, 2, 1, 1)
		b.output("a", 0, 6, 4, 4)
		b.output("d", 0, 2, 4, 4)
		out := mustEqual(t, b.model(), 1)
		if d := dims(t, out, "b"); !slices.Equal(d, []int64{6}) {
			t.Errorf("b is left with %v", d)
		}
	})
	t.Run("kernel", func(t *testing.T) {
		t.Parallel()
		b := newNet(t, 6)
		b.input("x", 0, 3, 4, 4)
		b.conv("a", "x", 3, 6, 3, 1)
		b.weight("w", 6, 6, 3, 3)
		b.convOf("c", "a", []string{"w"}, 3, 1)
		b.relu("r", "c")
		b.convOf("d", "r", []string{"w"}, 3, 1)
		b.conv("e", "d", 6, 2, 1, 1)
		b.output("e", 0, 2, 4, 4)
		m := b.model()
		wantGroups(t, analyze(t, m, pruning.Options{}), "6 [a.w:0 w:0 w:1 e.w:1]")
		out := mustEqual(t, m, 2)
		if n := len(out.Graph.Consumers("w")); n != 2 || len(out.Graph.Initializers()) != 3 {
			t.Errorf("the kernel has %d readers of %d initializers", n, len(out.Graph.Initializers()))
		}
	})
}

// TestConstantsOfEveryKind: a weight in a Constant node becomes an
// initializer when it is cut, and one behind an Identity is cut where it is.
func TestConstantsOfEveryKind(t *testing.T) {
	t.Parallel()
	b := newNet(t, 7)
	b.input("x", 0, 3, 4, 4)
	b.constant("a.w", b.random("", 6, 3, 3, 3))
	b.constant("a.b", b.random("", 6))
	b.op("Identity", "a.b2", []string{"a.b"})
	b.convOf("a", "x", []string{"a.w", "a.b2"}, 3, 1)
	b.op("Identity", "n.scale", []string{b.positive("one", 6)})
	b.op("Identity", "n.var", []string{"one"})
	b.op("BatchNormalization", "n", []string{"a", "n.scale", "a.b", b.weight("n.mean", 6), "n.var"})
	b.op("Identity", "c.w", []string{b.weight("kernel", 6, 6, 1, 1)})
	b.convOf("c", "n", []string{"c.w"}, 1, 1)
	b.constant("last", b.random("", 2, 6, 1, 1))
	b.convOf("y", "c", []string{"last"}, 1, 1)
	b.output("y", 0, 2, 4, 4)
	m := b.model()
	wantGroups(t, analyze(t, m, pruning.Options{}), "6 [a.w:0 a.b:0 one:0 a.b:0 n.mean:0 one:0 kernel:1]", "6 [kernel:0 last:1]")
	out := mustEqual(t, m, 3)
	for _, name := range []string{"a.w", "a.b", "one", "kernel", "last"} {
		if out.Graph.Initializer(name) == nil {
			t.Errorf("%q is no initializer of the pruned model", name)
		}
	}
	if out.Graph.Initializer("a.w").Dim(0) >= 6 {
		t.Error("the Constant's value is not cut")
	}
	plan, err := pruning.ReadPlan(out)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(plan.Groups[0].Members); got != "[[a.w 0] [a.b 0] [one 0] [n.mean 0] [kernel 1]]" {
		t.Errorf("the plan's members are %s", got)
	}
	// What no cut touches stays a Constant node.
	kept, _, err := analyze(t, m, pruning.Options{}).Apply(pruning.Selection{nil, {0, 1}}, "")
	if err != nil {
		t.Fatal(err)
	}
	if kept.Graph.Initializer("a.w") != nil || kept.Graph.Producer("a.w") == nil {
		t.Error("a Constant was rewritten without need")
	}
}

// TestUnknownOperator pins what it touches, by name, and nothing else.
func TestUnknownOperator(t *testing.T) {
	t.Parallel()
	b := newNet(t, 8)
	b.input("x", 0, 3, 4, 4)
	b.conv("a", "x", 3, 6, 3, 1)
	b.conv("c", "a", 6, 8, 3, 1)
	b.p.Add(onnxio.NodeSpec{Op: "Whirl", Domain: "my.ops", Name: "whirl", Inputs: []string{"c", b.weight("v", 8)}, Outputs: []string{"w"}})
	b.p.SetTypes(map[string]onnxio.Type{"w": shape(0, 8, 4, 4)})
	b.conv("d", "w", 8, 5, 3, 1)
	b.conv("e", "d", 5, 2, 3, 1)
	b.output("e", 0, 2, 4, 4)
	a := analyze(t, b.model(), pruning.Options{})
	wantGroups(t, a, "6 [a.w:0 c.w:1]", "5 [d.w:0 e.w:1]")
	for _, r := range []string{reason(a, "c.w", 0), reason(a, "d.w", 1), reason(a, "v", 0)} {
		if r != `node "whirl" (Whirl): operator Whirl is not in the table` {
			t.Errorf("pinned by %q", r)
		}
	}
	if len(a.Facts.Unknown) != 1 {
		t.Errorf("%d unknown nodes are listed", len(a.Facts.Unknown))
	}
}

// TestUnknownShape: an operator nobody knows may leave no shape at all behind
// it, and what reads that is pinned.
func TestUnknownShape(t *testing.T) {
	t.Parallel()
	b := newNet(t, 8)
	b.input("x", 0, 3, 4, 4)
	b.conv("a", "x", 3, 6, 3, 1)
	b.conv("c", "a", 6, 8, 3, 1)
	b.op("Whirl", "w", []string{"c"})
	b.conv("d", "w", 8, 5, 3, 1)
	b.output("d", 0, 5, 4, 4)
	a := analyze(t, b.model(), pruning.Options{})
	wantGroups(t, a, "6 [a.w:0 c.w:1]")
	if r := reason(a, "d.w", 1); r != `node "d" (Conv): the shapes at node "d" (Conv) are not known` {
		t.Errorf("pinned by %q", r)
	}
}

// TestOutputsArePinned: whatever is a graph output keeps its indices, a
// constant and its aliases too.
func TestOutputsArePinned(t *testing.T) {
	t.Parallel()
	b := newNet(t, 9)
	b.input("x", 0, 3, 4, 4)
	b.convOf("a", "x", []string{b.weight("a.w", 6, 3, 3, 3), b.weight("a.b", 6)}, 3, 1)
	b.conv("c", "a", 6, 8, 3, 1)
	b.conv("d", "c", 8, 7, 3, 1)
	b.conv("e", "d", 7, 2, 3, 1)
	b.op("Identity", "alias", []string{"d.w"})
	b.output("e", 0, 2, 4, 4)
	b.output("a.b", 6)
	b.output("alias", 7, 8, 3, 3)
	a := analyze(t, b.model(), pruning.Options{})
	if len(a.Groups) > 0 {
		t.Errorf("groups %q", groups(a))
	}
	for weight, want := range map[string]string{"a.w": `graph output "a.b", axis 0`, "d.w": `graph output "alias", axis 0`, "e.w": `graph output "e", axis 1`} {
		if got := reason(a, weight, 0); got != want {
			t.Errorf("%s: pinned by %q, want %q", weight, got, want)
		}
	}
}

// TestIgnore spares nodes by name, every one of that name, and nameless ones
// by their output.
func TestIgnore(t *testing.T) {
	t.Parallel()
	b := newNet(t, 10)
	b.input("x", 0, 3, 4, 4)
	for _, y := range []string{"a", "b", "c", "d"} {
		x := map[string]string{"a": "x", "b": "a", "c": "b", "d": "c"}[y]
		from := int64(4)
		if y == "a" {
			from = 3
		}
		b.weight(y+".w", 4, from, 1, 1)
		b.p.Add(onnxio.NodeSpec{Op: "Conv", Name: map[string]string{"a": "twin", "b": "twin", "c": "c", "d": "d"}[y], Inputs: []string{x, y + ".w"}, Outputs: []string{y}})
	}
	b.output("d", 0, 4, 4, 4)
	m := b.model()
	wantGroups(t, analyze(t, m, pruning.Options{}), "4 [a.w:0 b.w:1]", "4 [b.w:0 c.w:1]", "4 [c.w:0 d.w:1]")
	a := analyze(t, m, pruning.Options{Ignore: []string{"twin"}})
	wantGroups(t, a, "4 [c.w:0 d.w:1]")
	if r := reason(a, "a.w", 0); r != `node "twin" is to be left alone, axis 1` {
		t.Errorf("pinned by %q", r)
	}
}

// TestSubgraphReads: what a branch reads from outside is not followed into
// it, so it stays.
func TestSubgraphReads(t *testing.T) {
	t.Parallel()
	m := branching(t)
	a := analyze(t, m, pruning.Options{})
	wantGroups(t, a, "5 [c.w:0 y.w:1]")
	for weight, name := range map[string]string{"a.w": "a", "c.w": "a"} {
		axis := map[string]int{"a.w": 0, "c.w": 1}[weight]
		if got, want := reason(a, weight, axis), `a subgraph of node "if" (If) reads it, axis 1`; got != want {
			t.Errorf("%s, which makes or reads %q, is pinned by %q", weight, name, got)
		}
	}
	mustEqual(t, m, 1)
}

// TestOldFormat: up to IR version 3 initializers are graph inputs too, and
// stay so when they are cut, cloned or taken out of a Constant node.
func TestOldFormat(t *testing.T) {
	t.Parallel()
	b := newNet(t, 11)
	b.input("x", 2, 3, 4, 4)
	b.weight("b", 6)
	b.convOf("a", "x", []string{b.weight("a.w", 6, 3, 3, 3), "b"}, 3, 1)
	b.convOf("c", "a", []string{b.constant("c.w", b.random("", 6, 6, 3, 3)), "b"}, 3, 1)
	b.conv("y", "c", 6, 2, 1, 1)
	b.output("y", 2, 2, 4, 4)
	for _, name := range []string{"b", "a.w", "y.w"} {
		b.input(name, map[string][]int64{"b": {6}, "a.w": {6, 3, 3, 3}, "y.w": {2, 6, 1, 1}}[name]...)
	}
	m := oldFormat(t, b.model())
	if in := m.Graph.Inputs(); len(in) != 1 {
		t.Fatalf("%d inputs", len(in))
	}
	out := mustEqual(t, m, 6)
	listed := inputTypes(t, out)
	for _, w := range out.Graph.Initializers() {
		if got, ok := listed[w.Name()]; !ok || !got.Equal(w.Shape()) {
			t.Errorf("initializer %q of %v is listed as an input of %v", w.Name(), w.Shape(), got)
		}
	}
	if len(out.Graph.Initializers()) != 5 {
		t.Errorf("%d initializers, want b and its clone, a.w, c.w and y.w", len(out.Graph.Initializers()))
	}
}

// Exporters merge the equal slopes of untrained PRelus. Their shape, [8,1,1],
// does not make a kernel of them: the layers stay apart.
func TestMergedVectorsDoNotTie(t *testing.T) {
	t.Parallel()
	b := newNet(t, 32)
	b.input("x", 0, 3, 6, 6)
	b.weight("slope", 8, 1, 1)
	b.conv("a", "x", 3, 8, 3, 1)
	b.op("PRelu", "p", []string{"a", "slope"})
	b.conv("c", "p", 8, 8, 3, 1)
	b.op("PRelu", "q", []string{"c", "slope"})
	b.head("q", 8)
	m := b.model()
	wantGroups(t, analyze(t, m, pruning.Options{}), "8 [a.w:0 slope:0 c.w:1]", "8 [c.w:0 slope:0 logits.w:1]")
	mustEqual(t, m, 1)
}
