package pruning_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// What a file declares of values behind an operator that nobody knows is all
// there is: it stays, and what follows from it is adapted to the cut.
func TestDeclaredTypesStay(t *testing.T) {
	t.Parallel()
	b := newNet(t, 31)
	b.input("x", 0, 3, 6, 6)
	b.conv("a", "x", 3, 8, 3, 1)
	b.conv("c", "a", 8, 4, 3, 1)
	b.p.Add(onnxio.NodeSpec{Op: "Mystery", Domain: "org.example", Inputs: []string{"c"}, Outputs: []string{"m"}})
	b.p.Add(onnxio.NodeSpec{Op: "Mystery", Domain: "org.example", Inputs: []string{"c"}, Outputs: []string{"rankless"}})
	b.relu("end", "rankless")
	b.p.SetOutputType("end", onnxio.Type{Elem: onnxio.Float32})
	b.conv("d", "m", 4, 6, 3, 1)
	b.relu("r", "d")
	b.head("r", 6)
	b.p.SetTypes(map[string]onnxio.Type{
		"a": shape(0, 8, 6, 6), "m": shape(0, 4, 6, 6), "d": shape(0, 6, 6, 6), "rankless": {Elem: onnxio.Float32},
	})
	r := prune(t, b.model(), pruning.Config{Ratio: 0.5})
	for name, want := range map[string]onnxio.Type{
		"a": shape(0, 4, 6, 6), "m": shape(0, 4, 6, 6), "d": shape(0, 3, 6, 6), "rankless": {Elem: onnxio.Float32},
	} {
		got, ok := r.Model.Graph.Declared(name)
		if !ok || got.String() != want.String() {
			t.Errorf("%q is declared as %v (%v), want %v", name, got, ok, want)
		}
	}
	if _, ok := r.Model.Graph.Declared("r"); ok {
		t.Error("a value that had no declared type has one")
	}
}
