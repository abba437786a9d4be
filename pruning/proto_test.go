package pruning_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// The functions here make what a patch cannot: other exporters' files.

func reparse(t testing.TB, m *onnxio.Model, edit func(*onnxpb.ModelProto)) *onnxio.Model {
	t.Helper()
	pb := decode(t, m)
	edit(pb)
	b, err := proto.Marshal(pb)
	if err != nil {
		t.Fatal(err)
	}
	out, err := onnxio.Parse(b, "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decode(t testing.TB, m *onnxio.Model) *onnxpb.ModelProto {
	t.Helper()
	pb := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(marshal(t, m), pb); err != nil {
		t.Fatal(err)
	}
	return pb
}

func oldFormat(t testing.TB, m *onnxio.Model) *onnxio.Model {
	return reparse(t, m, func(pb *onnxpb.ModelProto) {
		pb.IrVersion = proto.Int64(3)
		pb.OpsetImport[0].Version = proto.Int64(8)
	})
}

// inputTypes are the shapes of everything that the file lists as an input.
func inputTypes(t testing.TB, m *onnxio.Model) map[string]onnxio.Shape {
	out := map[string]onnxio.Shape{}
	for _, v := range decode(t, m).GetGraph().GetInput() {
		out[v.GetName()] = onnxio.Shape{}
		for _, d := range v.GetType().GetTensorType().GetShape().GetDim() {
			out[v.GetName()] = append(out[v.GetName()], onnxio.Known(d.GetDimValue()))
		}
	}
	return out
}

// branching has an If of a condition that is not known, whose branches read
// the maps "a" from outside.
func branching(t testing.TB) *onnxio.Model {
	b := newNet(t, 12)
	b.input("x", 0, 3, 4, 4)
	b.conv("a", "x", 3, 6, 3, 1)
	b.conv("c", "a", 6, 5, 3, 1)
	b.conv("y", "c", 5, 2, 3, 1)
	b.op("ReduceMax", "top", []string{"x"}, onnxio.Int("keepdims", 0))
	b.op("Less", "yes", []string{"top", b.constant("bound", onnxio.Scalar("", float32(100)))})
	b.op("If", "if", []string{"yes"})
	b.output("y", 0, 2, 4, 4)
	b.output("if", 0, 6, 4, 4)
	branch := &onnxpb.GraphProto{
		Name:   proto.String("branch"),
		Node:   []*onnxpb.NodeProto{{OpType: proto.String("Relu"), Input: []string{"a"}, Output: []string{"inside"}}},
		Output: []*onnxpb.ValueInfoProto{{Name: proto.String("inside")}},
	}
	return reparse(t, b.model(), func(pb *onnxpb.ModelProto) {
		for _, n := range pb.GetGraph().GetNode() {
			if n.GetOpType() == "If" {
				for _, name := range []string{"then_branch", "else_branch"} {
					n.Attribute = append(n.Attribute, &onnxpb.AttributeProto{
						Name: proto.String(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: branch,
					})
				}
			}
		}
	})
}
