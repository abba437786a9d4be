package onnxio

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func TestFingerprintInvariances(t *testing.T) {
	t.Parallel()
	want := fingerprint(t, parse(t, encode(t, everything())))
	if !regexp.MustCompile("^[0-9a-f]{64}$").MatchString(want) {
		t.Fatalf("fingerprint %q", want)
	}
	kv := []*onnxpb.StringStringEntryProto{{Key: proto.String("k"), Value: proto.String("v")}}
	for what, edit := range map[string]func(m *onnxpb.ModelProto, g *onnxpb.GraphProto){
		"typed to raw": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Initializer[1].Int32Data, g.Initializer[1].RawData = nil, []byte{0x00, 0x3c}
		},
		"raw to typed": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			v, _ := (&Tensor{pb: g.Initializer[0]}).Floats()
			g.Initializer[0].RawData, g.Initializer[0].FloatData = nil, v
		},
		"node order":        func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { slices.Reverse(g.Node) },
		"initializer order": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { slices.Reverse(g.Initializer) },
		"attribute order":   func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { slices.Reverse(g.Node[0].Attribute) },
		"node name":         func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Name = proto.String("other") },
		"inner node name":   func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[1].Attribute[0].G.Node[0].Name = nil },
		"graph name":        func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Name = proto.String("other") },
		"branch's name":     func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[1].Attribute[0].G.Name = nil },
		"doc strings": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			doc := proto.String("changed")
			m.DocString, g.DocString, g.Node[0].DocString, g.Initializer[0].DocString, g.Input[0].DocString = doc, doc, doc, doc, doc
			a := g.Node[0].Attribute[2]
			a.DocString, a.T.DocString, a.T.Name = doc, doc, doc
			m.Functions[0].DocString = doc
		},
		"value_info": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.ValueInfo = nil },
		"metadata": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			m.MetadataProps, g.MetadataProps, g.Node[0].MetadataProps = kv, kv, kv
		},
		"producer":                  func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.ProducerName = proto.String("other") },
		"ir_version":                func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.IrVersion = proto.Int64(7) },
		"spelling of the domain":    func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.OpsetImport[0].Domain = proto.String("ai.onnx") },
		"spelling of node's domain": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Domain = proto.String("ai.onnx") },
		"opset order":               func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { slices.Reverse(m.OpsetImport) },
		"initializer listed as input": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Input = append(g.Input, &onnxpb.ValueInfoProto{Name: proto.String("w")})
		},
	} {
		pb := everything()
		edit(pb, pb.Graph)
		if proto.Equal(pb, everything()) {
			t.Errorf("%s: the test changes nothing", what)
		}
		if got := fingerprint(t, parse(t, encode(t, pb))); got != want {
			t.Errorf("%s changes the fingerprint", what)
		}
	}
}

// TestFingerprintOfLeftOutOutputs: nodes that leave out their first output
// have nothing but the others to be told apart by.
func TestFingerprintOfLeftOutOutputs(t *testing.T) {
	t.Parallel()
	pb := branchProto()
	for _, out := range []string{"b", "a", "c"} {
		pb.Graph.Node = append(pb.Graph.Node, &onnxpb.NodeProto{OpType: proto.String("LSTM"), Input: []string{"x"}, Output: []string{"", out}})
	}
	want := fingerprint(t, parse(t, encode(t, pb)))
	slices.Reverse(pb.Graph.Node)
	if fingerprint(t, parse(t, encode(t, pb))) != want {
		t.Error("the order of nodes changes the fingerprint")
	}
}

func TestFingerprintDifferences(t *testing.T) {
	t.Parallel()
	seen := map[string]string{fingerprint(t, parse(t, encode(t, everything()))): "the original"}
	for what, edit := range map[string]func(m *onnxpb.ModelProto, g *onnxpb.GraphProto){
		"one bit of a weight": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Initializer[0].RawData[0] ^= 1 },
		"element type": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Initializer[0].DataType = Int32.proto()
		},
		"initializer's shape": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Initializer[0].Dims = []int64{2, 1} },
		"an attribute's value": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[0].Attribute[0].F = proto.Float32(1)
		},
		"an attribute's name": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[0].Attribute[0].Name = proto.String("new")
		},
		"one attribute less":   func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Attribute = g.Node[0].Attribute[1:] },
		"a string in a tensor": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Attribute[2].T.StringData[0] = []byte("b") },
		"opset":                func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.OpsetImport[0].Version = proto.Int64(16) },
		"operator":             func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].OpType = proto.String("Tanh") },
		"domain":               func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Domain = proto.String("org.example") },
		"overload":             func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Overload = proto.String("v2") },
		"edge":                 func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Input = []string{"w"} },
		"order of edges":       func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Input = []string{"w", "x"} },
		"other order of edges": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Input = []string{"x", "w"} },
		"edge in a branch": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[1].Attribute[0].G.Node[0].Input[0] = "h"
		},
		"input type": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Input[0].Type = protoType(Type{Float32, ShapeOf(3)})
		},
		"outputs": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Output = append(g.Output, &onnxpb.ValueInfoProto{Name: proto.String("h")})
		},
		"input order": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			slices.Reverse(g.Input)
		},
		"a function's body": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { m.Functions[0].Node[0].OpType = proto.String("Sub") },
		"a node's outputs":  func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) { g.Node[0].Output = []string{"h", "second"} },
		"where one list of names ends": func(m *onnxpb.ModelProto, g *onnxpb.GraphProto) {
			g.Node[0].Input, g.Node[0].Output = []string{"x", "w"}, []string{"h", ""}
		},
	} {
		pb := everything()
		edit(pb, pb.Graph)
		got := fingerprint(t, parse(t, encode(t, pb)))
		if seen[got] != "" {
			t.Errorf("%s has the fingerprint of %s", what, seen[got])
		}
		seen[got] = what
	}
}

// TestFingerprintIsFixed: plans made by earlier versions name models by it.
func TestFingerprintIsFixed(t *testing.T) {
	t.Parallel()
	golden(t, "fingerprint.golden", strings.Join([]string{
		"smallnet " + fingerprint(t, smallNet(t)),
		"branches " + fingerprint(t, parse(t, encode(t, branchProto()))),
		"everything " + fingerprint(t, parse(t, encode(t, everything()))),
	}, "\n")+"\n")
}
