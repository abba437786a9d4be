package onnxio

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func TestCloneIsIndependent(t *testing.T) {
	t.Parallel()
	m := parse(t, encode(t, branchProto()))
	m.SetMeta("k", "v")
	before := state(t, m)
	c := m.Clone()
	c.SetMeta("k", "w")
	c.SetMeta("new", "1")
	c.SetOpset("", 18)
	c.SetOpset("other", 1)
	c.SetProducer("someone", "1")
	p := c.Graph.Edit()
	p.SetAttr(c.Graph.Nodes()[0], Int("a", 1))
	p.SetInput(c.Graph.Nodes()[0], 1, "w")
	p.SetInitializer(ramp("w", 5))
	p.SetInputType("x", Type{Int64, nil})
	p.SetOutputType("h", Type{Int64, nil})
	p.SetTypes(map[string]Type{"h": {Float32, ShapeOf(2)}})
	apply(t, p)
	if state(t, m) != before {
		t.Error("editing the clone changed the original")
	}
	if state(t, c) == before || c.Opset("") != 18 {
		t.Error("the clone did not change")
	}
	after := state(t, c)
	p = m.Graph.Edit()
	p.RemoveOutput("y")
	p.SetInitializer(ramp("w", 7))
	apply(t, p)
	m.DropMeta("k")
	if state(t, c) != after {
		t.Error("editing the original changed the clone")
	}
}

func TestSetTypes(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	p := m.Graph.Edit()
	types := map[string]Type{
		"h1": {Float32, Shape{Symbol("batch"), Known(4)}}, "h2": {Float16, nil},
		"x": {Int64, nil}, "logits": {Int64, nil}, "fc.bias": {Int64, nil}, "nobody": {Int64, nil},
	}
	p.SetTypes(types)
	types["h3"] = Type{Int8, nil} // too late: the patch has its own copy
	apply(t, p)
	for _, m := range []*Model{m, parse(t, marshal(t, m))} {
		for name, want := range map[string]string{
			"h1": "float32[batch,4]", "h2": "float16[?]", "x": "float32[batch,3,8,8]", "logits": "float32[batch,4]", "fc.bias": "float32[4]",
		} {
			if got, ok := m.Graph.Declared(name); !ok || got.String() != want {
				t.Errorf("%q is declared %v, %v, want %s", name, got, ok, want)
			}
		}
		for _, name := range []string{"h3", "nobody"} {
			if got, ok := m.Graph.Declared(name); ok {
				t.Errorf("%q is declared %v", name, got)
			}
		}
		if !slices.Equal(m.Graph.typeNames, []string{"h1", "h2"}) {
			t.Errorf("value_info holds %v", m.Graph.typeNames)
		}
	}
	p = m.Graph.Edit()
	p.Remove(node(t, m.Graph, "h2"))
	p.Redirect("h2", "h1")
	apply(t, p)
	if got, ok := m.Graph.Declared("h2"); ok {
		t.Errorf("a removed value is declared %v", got)
	}
	// A value that becomes an output has the output's type.
	p = m.Graph.Edit()
	p.SetOutputType("h1", Type{Int8, nil})
	apply(t, p)
	if got, _ := m.Graph.Declared("h1"); got.String() != "int8[?]" {
		t.Errorf("h1 is declared %v", got)
	}
}

// TestEditKeepsWhatItDoesNotKnow: metadata and unknown fields of a changed
// node, input and output survive the change.
func TestEditKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	pb := branchProto()
	relu := pb.Graph.Node[0]
	relu.DocString, relu.Overload = proto.String("doc"), proto.String("variant")
	relu.MetadataProps = []*onnxpb.StringStringEntryProto{{Key: proto.String("k"), Value: proto.String("v")}}
	relu.ProtoReflect().SetUnknown(unknownField("node"))
	pb.Graph.Input[0].ProtoReflect().SetUnknown(unknownField("input"))
	m := parse(t, encode(t, pb))
	p := m.Graph.Edit()
	p.SetAttr(node(t, m.Graph, "Relu_h"), Float("alpha", 0))
	p.SetInputType("x", Type{Float16, nil})
	apply(t, p)
	got := decode(t, marshal(t, m)).Graph
	relu.Attribute = []*onnxpb.AttributeProto{Float("alpha", 0).pb}
	if !proto.Equal(got.Node[0], relu) {
		t.Errorf("node is %v, want %v", got.Node[0], relu)
	}
	if string(got.Input[0].ProtoReflect().GetUnknown()) != string(unknownField("input")) {
		t.Error("the input lost its unknown field")
	}
}

// TestPatchCopiesItsArguments: what the caller does to a slice afterwards
// does not reach the graph.
func TestPatchCopiesItsArguments(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	p := m.Graph.Edit()
	in, out, renamed := []string{"h6"}, []string{"o"}, []string{"logits", "second"}
	p.Add(NodeSpec{Op: "Neg", Inputs: in, Outputs: out})
	p.SetOutputs(node(t, m.Graph, "fc"), renamed...)
	in[0], out[0], renamed[1] = "bad", "bad", "bad"
	apply(t, p)
	if n := m.Graph.Producer("o"); n == nil || n.Input(0) != "h6" || m.Graph.Producer("second") == nil {
		t.Error("the graph shares the caller's slices")
	}
}
