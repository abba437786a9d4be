package onnxio

import (
	"bytes"
	"io"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// seeds are small models that between them use every message.
func seeds(t testing.TB) [][]byte {
	small := marshal(t, smallNet(t))
	branches := encode(t, branchProto())
	all := encode(t, everything())
	typed := branchProto()
	for e := range elems {
		typed.Graph.Initializer = append(typed.Graph.Initializer, &onnxpb.TensorProto{
			Name: proto.String(e.String()), DataType: e.proto(), Dims: []int64{2}, StringData: [][]byte{nil, nil},
			FloatData: []float32{1, 2}, Int32Data: []int32{1, 2}, Int64Data: []int64{1, 2}, DoubleData: []float64{1, 2}, Uint64Data: []uint64{1, 2},
		})
	}
	external := branchProto()
	external.Graph.Initializer[0] = &onnxpb.TensorProto{
		Name: proto.String("w"), DataType: Float32.proto(), Dims: []int64{2}, DataLocation: onnxpb.TensorProto_EXTERNAL.Enum(),
		ExternalData: []*onnxpb.StringStringEntryProto{{Key: proto.String("location"), Value: proto.String("w.bin")}, {Key: proto.String("offset"), Value: proto.String("0")}},
	}
	return [][]byte{small, branches, all, encode(t, typed), encode(t, external), small[:len(small)/2], nil, []byte("text\n"), {8, 8}}
}

// FuzzLoad: bytes become a model or an error, never a panic, and what becomes
// a model is valid and comes back the same from its own bytes.
func FuzzLoad(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b, dir)
		if err != nil {
			return
		}
		valid(t, m.Graph)
		exercise(m)
		first, err := m.Marshal()
		if err != nil {
			return // an external file that is not there
		}
		want, err := m.Fingerprint()
		if err != nil {
			t.Fatalf("no fingerprint of a model that marshals: %v", err)
		}
		again, err := Parse(first, "")
		if err != nil {
			t.Fatalf("cannot read back: %v", err)
		}
		if fingerprint(t, again) != want {
			t.Error("the fingerprint changes on the way through a file")
		}
		if !bytes.Equal(marshal(t, again), first) {
			t.Error("the second marshal differs from the first")
		}
	})
}

// exercise calls what reads a model; the results do not matter.
func exercise(m *Model) {
	_ = m.WriteText(io.Discard)
	g := m.Graph
	g.Inputs()
	for _, n := range g.Nodes() {
		for i, o := range n.Outputs() {
			g.Constant(o)
			g.Declared(n.Input(i))
		}
		_ = n.String()
	}
	for _, x := range g.Initializers() {
		_, _ = x.Floats()
		_, _ = x.Ints()
		_, _ = x.WithFloats(nil)
		x.Shape().Size()
		for axis := range x.Rank() {
			_, _ = x.Take(axis, nil)
			_, _ = x.Take(axis, []int{0, 0})
		}
	}
}

// FuzzPatch: random edits leave a valid graph, or give an error and leave the
// graph as it was. A clone taken before never changes.
func FuzzPatch(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 0, 1, 2, 3, 4, 10, 0, 1, 2, 11})
	f.Add([]byte{1, 1, 0, 6, 2, 3, 10, 5, 1, 2, 0, 10})
	f.Add([]byte{0, 2, 3, 1, 4, 2, 1, 5, 1, 2, 10, 7, 4, 8, 9, 10})
	f.Add([]byte{1, 9, 1, 2, 3, 8, 6, 5, 10, 4, 0, 1, 2, 3, 3, 0, 0, 10})
	f.Fuzz(func(t *testing.T, script []byte) {
		next := func() int {
			if len(script) == 0 {
				return 0
			}
			b := script[0]
			script = script[1:]
			return int(b)
		}
		m := smallNet(t)
		if next()%2 == 1 {
			m = parse(t, encode(t, branchProto()))
		}
		clone := m.Clone()
		cloned, old := state(t, clone), m.Graph.Nodes()
		p := m.Graph.Edit()
		for steps := 0; len(script) > 0 && steps < 64; steps++ {
			if op := next() % 14; op < 13 {
				edit(p, m.Graph, old, op, next)
				continue
			}
			before := state(t, m)
			if err := p.Apply(); err != nil {
				if state(t, m) != before {
					t.Fatalf("a failed patch changed the graph: %v", err)
				}
				p = m.Graph.Edit()
			}
			check(t, m)
		}
		_ = p.Apply()
		check(t, m)
		if state(t, clone) != cloned {
			t.Fatal("the clone changed")
		}
	})
}

// edit puts one edit into the patch, of a kind and with arguments that next
// chooses. The nodes are those of now and of the beginning.
func edit(p *Patch, g *Graph, old []*Node, kind int, next func() int) {
	names := []string{"", "x", "cond", "w", "h", "y", "h1", "h2", "h3", "h4", "h5", "h6", "logits", "fc.bias", "conv1.weight", "inner", "t1", "new", "new_1"}
	name := func() string { return names[next()%len(names)] }
	pick := func() *Node {
		nodes := append(append([]*Node{}, g.Nodes()...), old...)
		if len(nodes) == 0 {
			return nil
		}
		return nodes[next()%len(nodes)]
	}
	typ := func() Type { return Type{Elem(next() % 24), ShapeOf(int64(next()))} }
	switch kind {
	case 0:
		p.Add(NodeSpec{Op: "Sum", Inputs: []string{name(), name()}, Outputs: []string{name(), p.Fresh(name())}})
	case 1:
		p.Remove(pick())
	case 2:
		p.SetInput(pick(), next()%5-1, name())
	case 3:
		p.SetOutputs(pick(), name(), name())
	case 4:
		p.SetAttr(pick(), Int(name(), int64(next())))
	case 5:
		p.DropAttr(pick(), name())
	case 6:
		p.Redirect(name(), name())
	case 7:
		p.SetInitializer(ramp(name(), int64(next()%4)))
	case 8:
		p.RemoveInitializer(name())
	case 9:
		p.SetInputType(name(), typ())
	case 10:
		p.RemoveInput(name())
	case 11:
		p.SetOutputType(name(), typ())
		p.RemoveOutput(name())
	case 12:
		p.SetTypes(map[string]Type{name(): typ(), name(): typ()})
	}
}

// check holds a model to be valid and to survive its file.
func check(t *testing.T, m *Model) {
	t.Helper()
	valid(t, m.Graph)
	again, err := Parse(marshal(t, m), "")
	if err != nil {
		t.Fatalf("cannot read back: %v", err)
	}
	if fingerprint(t, again) != fingerprint(t, m) {
		t.Fatal("the fingerprint changes on the way through a file")
	}
}
