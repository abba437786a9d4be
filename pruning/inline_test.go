package pruning_test

import (
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestInlined prunes through a function of the model's own, called twice, and
// through a branch that is known to be taken.
func TestInlined(t *testing.T) {
	t.Parallel()
	b := newNet(t, 21)
	b.input("x", 0, 3, 4, 4)
	b.conv("a", "x", 3, 6, 3, 1)
	b.relu("ar", "a")
	b.conv("h", "ar", 6, 8, 3, 1)
	b.relu("hr", "h")
	b.relu("taken", "hr")
	b.p.SetInitializer(onnxio.NewTensor("cond", nil, []bool{true}))
	b.head("taken", 8)
	m := reparse(t, b.model(), func(pb *onnxpb.ModelProto) {
		const local = "local"
		sets := append(pb.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: proto.String(local), Version: proto.Int64(1)})
		block := func(x, w, out string) *onnxpb.NodeProto {
			return &onnxpb.NodeProto{OpType: proto.String("Block"), Domain: proto.String(local), Input: []string{x, w}, Output: []string{out}}
		}
		nodes := pb.Graph.Node
		conv, relu := proto.Clone(nodes[0]).(*onnxpb.NodeProto), proto.Clone(nodes[1]).(*onnxpb.NodeProto)
		conv.Input, conv.Output = []string{"x", "w"}, []string{"a"}
		relu.Input, relu.Output = []string{"a"}, []string{"y"}
		pb.OpsetImport = sets
		pb.Functions = []*onnxpb.FunctionProto{{
			Name: proto.String("Block"), Domain: proto.String(local), Input: []string{"x", "w"}, Output: []string{"y"},
			OpsetImport: sets, Node: []*onnxpb.NodeProto{conv, relu},
		}}
		branch := func(name, op string) *onnxpb.AttributeProto {
			n := &onnxpb.NodeProto{OpType: &op, Input: []string{"hr"}, Output: []string{name + ".out"}}
			out := proto.Clone(pb.Graph.Output[0]).(*onnxpb.ValueInfoProto)
			out.Name, out.Type.GetTensorType().Shape = proto.String(name+".out"), nil
			return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: &onnxpb.GraphProto{
				Name: &name, Node: []*onnxpb.NodeProto{n}, Output: []*onnxpb.ValueInfoProto{out},
			}}
		}
		choice := &onnxpb.NodeProto{OpType: proto.String("If"), Input: []string{"cond"}, Output: []string{"taken"}, Attribute: []*onnxpb.AttributeProto{
			branch("then_branch", "Sigmoid"), branch("else_branch", "Neg"),
		}}
		pb.Graph.Node = slices.Concat([]*onnxpb.NodeProto{block("x", "a.w", "ar"), block("ar", "h.w", "hr"), choice}, nodes[5:])
	})
	wantGroups(t, analyze(t, m, pruning.Options{}), "6 [a.w:0 h.w:1]", "8 [h.w:0 logits.w:1]")
	mustEqual(t, m, 3)
}
