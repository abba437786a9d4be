package pruning_test

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

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
