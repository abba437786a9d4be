package pruning_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/pruning"
)

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
