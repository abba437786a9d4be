package op_test

import (
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// TestInlineRenames: the branches inside a function define names that are taken
// where it is called, by values, weights and inputs; each call gets its own.
func TestInlineRenames(t *testing.T) {
	t.Parallel()
	branch := func(name, kind string) *onnxpb.AttributeProto {
		w := onnxio.NewTensor("w", []int64{3}, []float32{1, -2, 3})
		raw, _ := w.Bytes()
		return pbGraph(name, &onnxpb.GraphProto{
			Node: []*onnxpb.NodeProto{
				pbNode(kind, "", []string{"a"}, []string{"h"}),
				pbNode("Mul", "", []string{"h", "w"}, []string{"y"}),
			},
			Initializer: []*onnxpb.TensorProto{{Name: proto.String("w"), Dims: []int64{3}, DataType: proto.Int32(int32(onnxio.Float32)), RawData: raw}},
			Output:      []*onnxpb.ValueInfoProto{pbValue("y", 2, 3)},
		})
	}
	both := map[string]int64{"": 17, "local": 1}
	pb := &onnxpb.ModelProto{
		IrVersion: proto.Int64(9), OpsetImport: pbOpsets(both),
		Graph: &onnxpb.GraphProto{
			Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{pbValue("x", 2, 3)}, Output: []*onnxpb.ValueInfoProto{pbValue("y", 2, 3)},
			Node: []*onnxpb.NodeProto{
				pbNode("ReduceSum", "", []string{"x"}, []string{"s"}, &onnxpb.AttributeProto{Name: proto.String("keepdims"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}),
				pbNode("Sub", "", []string{"s", "s"}, []string{"w"}),
				pbNode("Greater", "", []string{"s", "w"}, []string{"cond"}),
				pbNode("F", "local", []string{"x", "cond"}, []string{"h"}),
				pbNode("F", "local", []string{"h", "cond"}, []string{"a"}),
				pbNode("Identity", "", []string{"a"}, []string{"y"}),
			},
		},
		Functions: []*onnxpb.FunctionProto{{
			Name: proto.String("F"), Domain: proto.String("local"), Input: []string{"a", "c"}, Output: []string{"r"}, OpsetImport: pbOpsets(both),
			Node: []*onnxpb.NodeProto{pbNode("If", "", []string{"c"}, []string{"r"}, branch("then_branch", "Relu"), branch("else_branch", "Neg"))},
		}},
	}
	m := parse(t, pb)
	inlined, err := op.Inline(m)
	if err != nil {
		t.Fatal(err)
	}
	sameResults(t, m, inlined)
}
