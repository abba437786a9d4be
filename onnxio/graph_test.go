package onnxio

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func TestGraphReading(t *testing.T) {
	t.Parallel()
	g := smallNet(t).Graph
	if g.Name() != "smallnet" || len(g.Nodes()) != 7 || !g.IsOutput("logits") || g.IsOutput("h1") {
		t.Error("the graph reads wrong")
	}
	if got := fmt.Sprint(g.Inputs(), g.Outputs()); got != "[{x float32[batch,3,8,8]}] [{logits float32[batch,4]}]" {
		t.Errorf("inputs and outputs %s", got)
	}
	var names []string
	for _, x := range g.Initializers() {
		names = append(names, x.Name())
	}
	if want := []string{"conv1.weight", "conv1.bias", "conv2.weight", "fc.weight", "fc.bias"}; !slices.Equal(names, want) {
		t.Errorf("initializers %v, want %v", names, want)
	}
	if g.Initializer("fc.bias").Len() != 4 || g.Initializer("h1") != nil || g.Producer("fc.bias") != nil || g.Producer("") != nil {
		t.Error("a name is found where it is not")
	}
	sum, conv2 := g.Producer("h4"), g.Producer("h3")
	if got := g.Consumers("h2"); !slices.Equal(got, []Use{{conv2, 0}, {sum, 1}}) {
		t.Errorf("consumers of h2 are %v", got)
	}
	if typ, ok := g.Declared("h2"); ok {
		t.Errorf("an undeclared value is %v", typ)
	}
}

func TestNodeReading(t *testing.T) {
	t.Parallel()
	floats := attr("scales", onnxpb.AttributeProto_FLOATS)
	floats.Floats = []float32{1, 2}
	m := New("")
	p := m.Graph.Edit()
	p.Add(NodeSpec{Op: "Resize", Name: "r", Domain: "ai.onnx", Outputs: []string{"y"}, Attrs: []Attr{
		Int("axis", -2), Ints("pads", 1, 2), Float("alpha", 0.5), Str("mode", "linear"), TensorValue("value", ramp("v", 2)), {pb: floats},
	}})
	apply(t, p)
	n := m.Graph.Producer("y")
	if n.Op() != "Resize" || n.Domain() != "" || n.Name() != "r" || n.String() != `node "r" (Resize)` || n.Input(0) != "" || n.Output(1) != "" || n.Output(-1) != "" {
		t.Errorf("%v reads wrong", n)
	}
	if (&Node{&onnxpb.NodeProto{OpType: proto.String("Add"), Output: []string{"s"}}}).String() != `node "s" (Add)` {
		t.Error("a node without a name is not named after its output")
	}
	if n.Int("axis", 7) != -2 || n.Int("none", 7) != 7 || n.Float("alpha", 7) != 0.5 || n.Float("none", 7) != 7 ||
		n.Str("mode", "nearest") != "linear" || n.Str("none", "nearest") != "nearest" || !n.Has("axis") || n.Has("none") {
		t.Error("an attribute or a default reads wrong")
	}
	if !slices.Equal(n.Ints("pads"), []int64{1, 2}) || n.Ints("none") != nil || !slices.Equal(n.Floats("scales"), []float32{1, 2}) || n.Floats("none") != nil {
		t.Error("a list reads wrong")
	}
	if n.Tensor("value").Len() != 2 || n.Tensor("none") != nil || n.Tensor("axis") != nil {
		t.Error("a tensor reads wrong")
	}
	n.Ints("pads")[0] = 9
	n.Floats("scales")[0] = 9
	if n.Ints("pads")[0] != 1 || n.Floats("scales")[0] != 1 {
		t.Error("a list shares the node's")
	}
	if a := n.Attrs(); len(a) != 6 || a[3].Name() != "mode" || a[3].String() != `mode="linear"` {
		t.Errorf("attributes %v", a)
	}
}

func TestConstant(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	floats := attr("value_floats", onnxpb.AttributeProto_FLOATS)
	floats.Floats = []float32{1, 2, 3}
	p := m.Graph.Edit()
	constant := func(out string, a Attr) {
		p.Add(NodeSpec{Op: "Constant", Outputs: []string{out}, Attrs: []Attr{a}})
	}
	constant("c.value", TensorValue("value", ramp("inside", 2, 2)))
	constant("c.int", Int("value_int", 5))
	constant("c.float", Float("value_float", 5))
	constant("c.ints", Ints("value_ints", 5, 6))
	constant("c.floats", Attr{pb: floats})
	constant("c.string", Str("value_string", "no"))
	identity := func(out, in string) {
		p.Add(NodeSpec{Op: "Identity", Inputs: []string{in}, Outputs: []string{out}})
	}
	identity("i1", "fc.bias")
	identity("i2", "i1")
	identity("i3", "c.ints")
	identity("i4", "h1")
	identity("i5", "")
	p.Add(NodeSpec{Op: "Constant", Domain: "org.example", Outputs: []string{"foreign"}, Attrs: []Attr{Int("value_int", 5)}})
	apply(t, p)
	for name, want := range map[string]string{
		"fc.bias": "fc.bias fc.bias float32[4]", "i1": "fc.bias fc.bias float32[4]", "i2": "fc.bias fc.bias float32[4]",
		"c.value": "c.value c.value float32[2,2]", "c.int": "c.int c.int int64[]", "c.float": "c.float c.float float32[]",
		"c.ints": "c.ints c.ints int64[2]", "i3": "c.ints c.ints int64[2]", "c.floats": "c.floats c.floats float32[3]",
		"c.string": "", "i4": "", "i5": "", "h1": "", "x": "", "nowhere": "", "": "", "foreign": "",
	} {
		x, root := m.Graph.Constant(name)
		got := ""
		if x != nil {
			got = fmt.Sprint(x.Name(), " ", root, " ", x.Type())
		}
		if got != want {
			t.Errorf("Constant(%q) is %q, want %q", name, got, want)
		}
	}
}

// TestDeclaredAxes reads axes as exporters write them.
func TestDeclaredAxes(t *testing.T) {
	t.Parallel()
	number := func(n int64) *onnxpb.TensorShapeProto_Dimension {
		return &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: n}}
	}
	word := func(s string) *onnxpb.TensorShapeProto_Dimension {
		return &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: s}}
	}
	pb := branchProto()
	pb.Graph.Input[0].Type.GetTensorType().Shape.Dim = []*onnxpb.TensorShapeProto_Dimension{
		word("batch"), number(3), {}, number(0), number(-1), word(""), word("2*n"),
	}
	got := parse(t, encode(t, pb)).Graph.Inputs()[0].Type
	if want := "float32[batch,3,x.2,x.3,x.4,x.5,2×n]"; got.String() != want {
		t.Errorf("type %v, want %s", got, want)
	}
	for i, known := range []bool{false, true, false, false, false, false, false} {
		if got.Shape[i].IsKnown() != known {
			t.Errorf("axis %d is %v", i, got.Shape[i])
		}
	}
}

// TestConcurrentReading lets several readers at a model and its clones; the
// race detector is the judge.
func TestConcurrentReading(t *testing.T) {
	t.Parallel()
	m := parse(t, encode(t, everything()))
	want, wantText := marshal(t, m), text(t, m)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			c := m.Clone()
			b, err := c.Marshal()
			if _, ferr := m.Fingerprint(); err != nil || ferr != nil || !bytes.Equal(b, want) {
				t.Errorf("reading beside others fails: %v, %v", err, ferr)
			}
			if text(t, m) != wantText {
				t.Error("the text form differs beside others")
			}
			p := c.Graph.Edit()
			p.SetAttr(c.Graph.Nodes()[0], Int("axis", 1))
			if err := p.Apply(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestModelFacts(t *testing.T) {
	t.Parallel()
	m := New("net")
	if name, version := m.Producer(); name != "prunefuse" || version != "" || m.IRVersion() != NewIRVersion || m.Opset("") != NewOpset || m.Opset("ai.onnx.ml") != 0 {
		t.Error("a new model states other facts")
	}
	m.SetProducer("tool", "1.2")
	m.SetOpset("", 13)
	m.SetOpset("com.microsoft", 1)
	m.SetMeta("b", "1")
	m.SetMeta("a", "")
	m.SetMeta("b", "2")
	m.SetMeta("gone", "x")
	m.DropMeta("gone")
	m.DropMeta("absent")
	p := m.Graph.Edit()
	p.SetInputType("x", Type{Elem: Float32})
	p.SetOutputType("x", Type{Elem: Float32})
	apply(t, p)
	for _, m := range []*Model{m, parse(t, marshal(t, m)), m.Clone()} {
		name, version := m.Producer()
		b, ok := m.Meta("b")
		a, aok := m.Meta("a")
		_, gone := m.Meta("gone")
		if name != "tool" || version != "1.2" || m.Opset("") != 13 || m.Opset("com.microsoft") != 1 || b != "2" || !ok || a != "" || !aok || gone || !slices.Equal(m.MetaKeys(), []string{"b", "a"}) {
			t.Errorf("facts read %s %s %d %v", name, version, m.Opset(""), m.MetaKeys())
		}
	}
	m.SetProducer("tool", "")
	if _, version := m.Producer(); version != "" {
		t.Errorf("the old version %q stays", version)
	}
}
