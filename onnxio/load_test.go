package onnxio

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := marshal(t, smallNet(t))
	for _, tc := range []struct{ name, content, want string }{
		{"empty.onnx", "", "the file is empty"},
		{"truncated.onnx", string(whole[:len(whole)-7]), "not an ONNX model, or cut short: the bytes are not a protobuf message"},
		{"notes.txt", "layers: 4\nwidth: 8\n", "not an ONNX model"},
		{"cat.png", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x20\x00\x00\x00\x20", "not an ONNX model"},
		{"weights.npz", "PK\x03\x04\x14\x00\x00\x00", "not an ONNX model"},
		{"header.onnx", "\x08\x07", "not an ONNX model: it holds no graph"},
	} {
		path := filepath.Join(dir, tc.name)
		if err := os.WriteFile(path, []byte(tc.content), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Load(path)
		if m != nil || err == nil {
			t.Errorf("%s: loaded", tc.name)
			continue
		}
		var fe *FormatError
		if !errors.As(err, &fe) {
			t.Errorf("%s: %v is no FormatError", tc.name, err)
		}
		if want := "load " + path + ": " + tc.want; !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %q, want %q", tc.name, err, want)
		}
	}
	for path, want := range map[string]string{
		dir:                            "is a directory",
		filepath.Join(dir, "gone"):     "no such file or directory",
		filepath.Join(dir, "cat.png/"): "not an ONNX model",
	} {
		_, err := Load(path)
		if err == nil || !strings.HasPrefix(err.Error(), "load "+path+": "+want) || strings.Count(err.Error(), path) != 1 {
			t.Errorf("%s: error %v, want %q", path, err, want)
		}
	}
}

func TestLoadRefusesHugeFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "huge.onnx")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<31); err != nil {
		t.Skipf("needs sparse files: %v", err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "exceeds 2 GiB") {
		t.Errorf("error %v", err)
	}
}

// TestEveryTruncation cuts a model at every byte.
func TestEveryTruncation(t *testing.T) {
	t.Parallel()
	whole := encode(t, branchProto())
	for n := range whole {
		if m, err := Parse(whole[:n], ""); err == nil {
			marshal(t, m) // cut between two fields: a smaller model
		}
	}
}

// TestParseRefuses changes one thing of a good model at a time.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	external := func(x *onnxpb.TensorProto) *onnxpb.TensorProto {
		p := bareTensor(x)
		p.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
		p.ExternalData = []*onnxpb.StringStringEntryProto{{Key: proto.String("location"), Value: proto.String("w.bin")}}
		return p
	}
	in := func(name string) *onnxpb.ValueInfoProto { return &onnxpb.ValueInfoProto{Name: &name} }
	constant := func(x *onnxpb.TensorProto) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String("Constant"), Output: []string{"k"}, Attribute: []*onnxpb.AttributeProto{{Name: proto.String("value"), T: x}}}
	}
	nodes := func(g *onnxpb.GraphProto, n ...*onnxpb.NodeProto) { g.Node = append(g.Node, n...) }
	for _, tc := range []struct {
		want string
		edit func(m *onnxpb.ModelProto, g *onnxpb.GraphProto)
	}{
		{"states no opset", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.OpsetImport = nil }},
		{"holds no graph", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.Graph = nil }},
		{"holds no graph", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.IrVersion = nil }},
		{"sparse initializers", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.SparseInitializer = []*onnxpb.SparseTensorProto{{}}
		}},
		{`initializer name "w" is empty or repeated`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Initializer = append(g.Initializer, g.Initializer[0])
		}},
		{`initializer name "" is empty or repeated`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Initializer[0].Name = nil }},
		{`tensor "w" has the impossible shape`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Initializer[0].Dims = []int64{1 << 62, 4}
		}},
		{`tensor "w" is stored in segments`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Initializer[0].Segment = &onnxpb.TensorProto_Segment{}
		}},
		{`float32[2] needs 8 bytes, found 3`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Initializer[0].RawData = []byte{1, 2, 3} }},
		{"given without its folder", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Initializer[0] = external(g.Initializer[0]) }},
		{`node "k" (Constant): attribute "value" lies in an external file`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			nodes(g, constant(external(ramp("", 2).pb)))
		}},
		{`node "k" (Constant): tensor "" has the impossible shape [-1]`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			nodes(g, constant(&onnxpb.TensorProto{DataType: Float32.proto(), Dims: []int64{-1}}))
		}},
		{`node "If_y" (If): attribute "then_branch" lies in an external file`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[1].Attribute[0].G.Initializer = []*onnxpb.TensorProto{external(ramp("v", 2).pb)}
		}},
		{`attribute "value" lies in an external file`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			b := g.Node[1].Attribute[0].G
			b.Node = append(b.Node, constant(external(ramp("", 2).pb)))
		}},
		{`function "Twice": tensor "" has the impossible shape [-1]`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			bad := constant(&onnxpb.TensorProto{DataType: Float32.proto(), Dims: []int64{-1}})
			m.Functions = []*onnxpb.FunctionProto{{Name: proto.String("Twice"), Node: []*onnxpb.NodeProto{bad}}}
		}},
		{`function "Twice": attribute "value" lies in an external file`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			m.Functions = []*onnxpb.FunctionProto{{Name: proto.String("Twice"), AttributeProto: constant(external(ramp("", 2).pb)).Attribute}}
		}},
		{`graph input "x" is listed twice`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Input = append(g.Input, in("x")) }},
		{"a graph input has no name", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Input = append(g.Input, in("")) }},
		{`value "h" is made by node "Relu_h" (Relu) and is a graph input`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Input = append(g.Input, in("h")) }},
		{`graph output "z" is made by no node`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Output = append(g.Output, in("z")) }},
		{`graph output "" is made by no node`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Output = append(g.Output, in("")) }},
		{`value "h" is made by node "Relu_h" (Relu) and by node "Relu_h" (Relu)`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[0].Output = []string{"h", "h"}
		}},
		{`value "w" is made by node "Relu_h" (Relu) and is an initializer`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[0].Output = []string{"h", "w"}
		}},
		{`node "If_y" (If) reads "w", which nothing makes`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Initializer = nil }},
		{`the graph has a cycle through node "Relu_h" (Relu)`, func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Input[0] = "h" }},
		{"the graph has a cycle through", func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Input[0] = "y" }},
	} {
		pb := branchProto()
		tc.edit(pb, pb.Graph)
		_, err := Parse(encode(t, pb), "")
		var fe *FormatError
		if !errors.As(err, &fe) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("error %v, want a FormatError with %q", err, tc.want)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	t.Parallel()
	for what, edit := range map[string]func(g *onnxpb.GraphProto){
		"nodes out of order":         func(g *onnxpb.GraphProto) { g.Node[0], g.Node[1] = g.Node[1], g.Node[0] },
		"outputs left out":           func(g *onnxpb.GraphProto) { g.Node[0].Output = []string{"", "h", "", ""} },
		"inputs left out":            func(g *onnxpb.GraphProto) { g.Node[0].Input = []string{"", "x", ""} },
		"a node of no outputs":       func(g *onnxpb.GraphProto) { g.Node = append(g.Node, &onnxpb.NodeProto{}) },
		"an output listed twice":     func(g *onnxpb.GraphProto) { g.Output = append(g.Output, g.Output[0]) },
		"an input that is an output": func(g *onnxpb.GraphProto) { g.Output = append(g.Output, g.Input[0]) },
		"an initializer fed":         func(g *onnxpb.GraphProto) { g.Input = append(g.Input, &onnxpb.ValueInfoProto{Name: proto.String("w")}) },
		"nothing but nodes":          func(g *onnxpb.GraphProto) { *g = onnxpb.GraphProto{Node: []*onnxpb.NodeProto{{Output: []string{"k"}}}} },
		"names that are not UTF-8":   func(g *onnxpb.GraphProto) { g.Name = proto.String("\xff\xfe"); g.Node[0].Name = g.Name },
		"types of all kinds": func(g *onnxpb.GraphProto) {
			g.Input = append(g.Input, &onnxpb.ValueInfoProto{Name: proto.String("seq"), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_SequenceType{}}},
				&onnxpb.ValueInfoProto{Name: proto.String("untyped")})
		},
	} {
		pb := branchProto()
		edit(pb.Graph)
		m, err := Parse(encode(t, pb), "")
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		valid(t, m.Graph)
		if again := parse(t, marshal(t, m)); fingerprint(t, again) != fingerprint(t, m) {
			t.Errorf("%s: the fingerprint changes on the way through a file", what)
		}
	}
}

// TestHostileShapes gives Parse messages that are small, legal protobuf and
// expensive to a careless reader.
func TestHostileShapes(t *testing.T) {
	t.Parallel()
	t.Run("deep nesting", func(t *testing.T) {
		t.Parallel()
		g := &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{{Input: []string{"x"}, Output: []string{"leaf"}}}}
		for i := range 3000 {
			g = &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{{
				Output:    []string{fmt.Sprint("n", i)},
				Attribute: []*onnxpb.AttributeProto{{G: g}},
			}}}
		}
		g.Input = []*onnxpb.ValueInfoProto{{Name: proto.String("x")}}
		pb := branchProto()
		pb.Graph = g
		m := parse(t, encode(t, pb))
		if u := m.Graph.Consumers("x"); len(u) != 1 || u[0].Index != -1 {
			t.Errorf("the innermost node's read shows as %v", u)
		}
		fingerprint(t, m)
		marshal(t, m)
	})
	t.Run("deeper than protobuf allows", func(t *testing.T) {
		t.Parallel()
		var b []byte
		for range 4000 {
			for _, field := range []protowire.Number{6, 5, 1} { // graph in attribute in node in graph
				b = protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), b)
			}
		}
		b = append([]byte{8, 8}, protowire.AppendBytes(protowire.AppendTag(nil, 7, protowire.BytesType), b)...)
		if _, err := Parse(b, ""); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("many captures", func(t *testing.T) {
		t.Parallel()
		inner := &onnxpb.NodeProto{Output: []string{"leaf"}}
		pb := branchProto()
		pb.Graph = &onnxpb.GraphProto{}
		for i := range 30_000 {
			name := fmt.Sprint("v", i)
			inner.Input = append(inner.Input, name)
			pb.Graph.Input = append(pb.Graph.Input, &onnxpb.ValueInfoProto{Name: &name})
			pb.Graph.Output = append(pb.Graph.Output, &onnxpb.ValueInfoProto{Name: &name})
		}
		g := &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{inner}}
		for range 100 {
			g = &onnxpb.GraphProto{Node: []*onnxpb.NodeProto{{Attribute: []*onnxpb.AttributeProto{{Graphs: []*onnxpb.GraphProto{g}}}}}}
		}
		pb.Graph.Node = []*onnxpb.NodeProto{{Output: []string{"out"}, Attribute: []*onnxpb.AttributeProto{{G: g}}}}
		m := parse(t, encode(t, pb))
		if n := len(m.Graph.Nodes()[0].Captures()); n != 30_000 {
			t.Errorf("%d captures", n)
		}
	})
	t.Run("a long chain in reverse", func(t *testing.T) {
		t.Parallel()
		pb := branchProto()
		pb.Graph = &onnxpb.GraphProto{Input: []*onnxpb.ValueInfoProto{{Name: proto.String("v0")}}}
		const n = 30_000
		for i := n; i > 0; i-- {
			pb.Graph.Node = append(pb.Graph.Node, &onnxpb.NodeProto{Input: []string{fmt.Sprint("v", i-1)}, Output: []string{fmt.Sprint("v", i)}})
		}
		nodes := parse(t, encode(t, pb)).Graph.Nodes()
		if len(nodes) != n || nodes[0].Output(0) != "v1" || nodes[n-1].Output(0) != fmt.Sprint("v", n) {
			t.Error("not sorted")
		}
	})
}
