package op_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func pbNode(opType, dom string, in, out []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: &opType, Domain: &dom, Input: in, Output: out, Attribute: attrs}
}

func pbGraph(name string, g *onnxpb.GraphProto) *onnxpb.AttributeProto {
	g.Name = &name
	return &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g}
}

func pbValue(name string, dims ...int64) *onnxpb.ValueInfoProto {
	t := &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxio.Float32)), Shape: &onnxpb.TensorShapeProto{}}
	for _, d := range dims {
		t.Shape.Dim = append(t.Shape.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}})
	}
	return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: t}}}
}

func pbOpsets(versions map[string]int64) (out []*onnxpb.OperatorSetIdProto) {
	for _, dom := range []string{"", "local"} {
		if v := versions[dom]; v > 0 {
			out = append(out, &onnxpb.OperatorSetIdProto{Domain: &dom, Version: &v})
		}
	}
	return out
}

func ref(name, attr string, typ onnxpb.AttributeProto_AttributeType) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, RefAttrName: &attr, Type: typ.Enum()}
}

// calls returns a model that calls a function twice, once from within a branch.
// The function calls another, hands an attribute on, leaves one to its
// default, has an input left out and an output that is not used.
func calls() *onnxpb.ModelProto {
	slope := &onnxpb.AttributeProto{Name: proto.String("slope"), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(0.25)}
	steep := &onnxpb.AttributeProto{Name: proto.String("slope"), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(0.5)}
	both := map[string]int64{"": 17, "local": 1}
	return &onnxpb.ModelProto{
		IrVersion: proto.Int64(9), OpsetImport: pbOpsets(both),
		Graph: &onnxpb.GraphProto{
			Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{pbValue("x", 2, 3)},
			Output: []*onnxpb.ValueInfoProto{pbValue("y", 2, 3), pbValue("same", 2, 3), pbValue("z", 2, 3)},
			Node: []*onnxpb.NodeProto{
				pbNode("Outer", "local", []string{"x"}, []string{"y", "same"}, steep),
				pbNode("ReduceSum", "", []string{"x"}, []string{"t"}, &onnxpb.AttributeProto{Name: proto.String("keepdims"), Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(0)}),
				pbNode("Greater", "", []string{"t", "t"}, []string{"cond"}),
				pbNode("If", "", []string{"cond"}, []string{"z"},
					pbGraph("then_branch", &onnxpb.GraphProto{Output: []*onnxpb.ValueInfoProto{pbValue("a", 2, 3)}, Node: []*onnxpb.NodeProto{
						pbNode("Neg", "", []string{"y"}, []string{"a"}),
					}}),
					pbGraph("else_branch", &onnxpb.GraphProto{Output: []*onnxpb.ValueInfoProto{pbValue("b", 2, 3)}, Node: []*onnxpb.NodeProto{
						pbNode("Outer", "local", []string{"y"}, []string{"b", ""}),
					}}),
				),
			},
		},
		Functions: []*onnxpb.FunctionProto{
			{
				Name: proto.String("Outer"), Domain: proto.String("local"), Input: []string{"x", "low"}, Output: []string{"t", "x2"},
				AttributeProto: []*onnxpb.AttributeProto{slope}, OpsetImport: pbOpsets(both), Node: []*onnxpb.NodeProto{
					pbNode("Inner", "local", []string{"x"}, []string{"h"}, ref("alpha", "slope", onnxpb.AttributeProto_FLOAT)),
					pbNode("Identity", "", []string{"x"}, []string{"x2"}),
					pbNode("Clip", "", []string{"h", "low"}, []string{"c"}),
					pbNode("Inner", "local", []string{"c"}, []string{"t"}, ref("alpha", "slope", onnxpb.AttributeProto_FLOAT)),
				},
			},
			{
				Name: proto.String("Inner"), Domain: proto.String("local"), Input: []string{"x"}, Output: []string{"h"}, Attribute: []string{"alpha"},
				OpsetImport: pbOpsets(both), Node: []*onnxpb.NodeProto{
					pbNode("LeakyRelu", "", []string{"x"}, []string{"l"}, ref("alpha", "alpha", onnxpb.AttributeProto_FLOAT)),
					pbNode("Add", "", []string{"l", "x"}, []string{"h"}),
				},
			},
		},
	}
}

func parse(t *testing.T, pb *onnxpb.ModelProto) *onnxio.Model {
	t.Helper()
	b, err := proto.Marshal(pb)
	if err != nil {
		t.Fatal(err)
	}
	m, err := onnxio.Parse(b, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// sameResults runs both models on the inputs of runModel and compares.
func sameResults(t *testing.T, m, n *onnxio.Model) {
	t.Helper()
	orttest.Need(t)
	want, got := make([]*ort.Tensor, len(m.Graph.Outputs())), make([]*ort.Tensor, len(m.Graph.Outputs()))
	runModel(t, m, want)
	runModel(t, n, got)
	for i := range want {
		if !bytes.Equal(want[i].Bytes(), got[i].Bytes()) {
			t.Errorf("output %d is %v after, %v before", i, ort.Data[float32](got[i]), ort.Data[float32](want[i]))
		}
	}
}

func TestInlineFunctions(t *testing.T) {
	t.Parallel()
	m := parse(t, calls())
	whole, err := op.Inline(m)
	if err != nil {
		t.Fatal(err)
	}
	if s := text(t, whole); strings.Contains(s, "local.") {
		t.Errorf("a call is left:\n%s", s)
	}
	f, err := op.InferGraph(whole, op.InferOptions{})
	if err != nil || len(f.Unknown) > 0 || f.Types["z"].String() != "float32[2,3]" {
		t.Errorf("unknown %v, z is %v, error %v", f.Unknown, f.Types["z"], err)
	}
	if n := len(m.Graph.Nodes()); n != 4 {
		t.Errorf("the model itself has %d nodes, want its 4", n)
	}
	sameResults(t, m, whole)
}

// The runtime refuses functions that pass an input through.
func TestInlinePassedThrough(t *testing.T) {
	t.Parallel()
	pb := calls()
	pb.Functions[0].Output[1] = "x"
	whole, err := op.Inline(parse(t, pb))
	if err != nil {
		t.Fatal(err)
	}
	if n := whole.Graph.Producer("same"); n.Op() != "Identity" || n.Input(0) != "x" {
		t.Errorf("same is made by %v from %v, want an Identity of x", n, n.Inputs())
	}
}

// A function of another opset stays a call, and one that never ends is an
// error.
func TestInlineNot(t *testing.T) {
	t.Parallel()
	pb := calls()
	pb.Functions[1].OpsetImport = pbOpsets(map[string]int64{"": 15}) // before LeakyRelu-16
	whole, err := op.Inline(parse(t, pb))
	if err != nil {
		t.Fatal(err)
	}
	if s := text(t, whole); strings.Contains(s, "local.Outer") || strings.Count(s, "local.Inner") != 2 {
		t.Errorf("want the calls of Inner alone:\n%s", s)
	}
	pb = calls()
	pb.Functions[1].OpsetImport = pbOpsets(map[string]int64{"": 18}) // in which its operators are those of 17
	whole, err = op.Inline(parse(t, pb))
	if err != nil {
		t.Fatal(err)
	}
	if s := text(t, whole); strings.Contains(s, "local.") {
		t.Errorf("want no calls:\n%s", s)
	}
	pb = calls()
	pb.Functions[1].Node[0] = pbNode("Outer", "local", []string{"x"}, []string{"l"})
	if _, err := op.Inline(parse(t, pb)); err == nil || !strings.Contains(err.Error(), "calls itself") {
		t.Errorf("error %v, want that it calls itself", err)
	}
}

// squeezes is what PyTorch exports a squeeze of an axis to that may not be 1:
// two Ifs, one inside the other's branch, that read values of the graphs
// around them.
func squeezes(dims ...int64) *onnxpb.ModelProto {
	ints := func(name string, v ...int64) *onnxpb.TensorProto {
		return &onnxpb.TensorProto{Name: &name, DataType: proto.Int32(int32(onnxio.Int64)), Dims: []int64{int64(len(v))}, Int64Data: v}
	}
	decide := func(x, out string, then, other *onnxpb.GraphProto) []*onnxpb.NodeProto {
		return []*onnxpb.NodeProto{
			pbNode("Shape", "", []string{x}, []string{"s." + out}),
			pbNode("Gather", "", []string{"s." + out, "axis"}, []string{"d." + out}),
			pbNode("Equal", "", []string{"d." + out, "one"}, []string{"c." + out}),
			pbNode("Squeeze", "", []string{"c." + out}, []string{"c0." + out}),
			pbNode("If", "", []string{"c0." + out}, []string{out}, pbGraph("then_branch", then), pbGraph("else_branch", other)),
		}
	}
	result := func(nodes ...*onnxpb.NodeProto) *onnxpb.GraphProto {
		out := nodes[len(nodes)-1].Output[0]
		return &onnxpb.GraphProto{Node: nodes, Output: []*onnxpb.ValueInfoProto{{Name: &out, Type: pbValue(out).Type}}}
	}
	inner := decide("h", "r", result(pbNode("Squeeze", "", []string{"h", "axis"}, []string{"q"})), result(pbNode("Neg", "", []string{"h"}, []string{"q"})))
	other := result(append([]*onnxpb.NodeProto{pbNode("Mul", "", []string{"x", "w"}, []string{"h"})}, inner...)...)
	other.Initializer = []*onnxpb.TensorProto{{Name: proto.String("w"), DataType: proto.Int32(int32(onnxio.Float32)), Dims: []int64{1}, FloatData: []float32{3}}}
	return &onnxpb.ModelProto{
		IrVersion: proto.Int64(9), OpsetImport: pbOpsets(map[string]int64{"": 17}),
		Graph: &onnxpb.GraphProto{
			Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{pbValue("x", dims...)}, Output: []*onnxpb.ValueInfoProto{{Name: proto.String("y"), Type: pbValue("y").Type}},
			Initializer: []*onnxpb.TensorProto{ints("axis", 1), ints("one", 1)},
			Node:        decide("x", "y", result(pbNode("Squeeze", "", []string{"x", "axis"}, []string{"q"})), other),
		},
	}
}

func TestInlineBranches(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		dims []int64
		want []string
	}{
		{[]int64{2, 1, 3}, []string{"y=Squeeze(x)"}},
		{[]int64{2, 4, 3}, []string{"h_2=Mul(x)", "y=Neg(h_2)"}},
	} {
		pb := squeezes(tc.dims...)
		pb.Graph.Output[0].Type.GetTensorType().Shape = nil
		m := parse(t, pb)
		folded, err := op.Fold(m)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, n := range folded.Graph.Nodes() {
			left = append(left, n.Output(0)+"="+n.Op()+"("+n.Input(0)+")")
		}
		slices.Sort(left)
		if !slices.Equal(left, tc.want) {
			t.Errorf("%v: left %v, want %v", tc.dims, left, tc.want)
		}
		if tc.dims[1] == 1 { // else the runtime refuses the branch that is not taken
			sameResults(t, m, folded)
		}
	}
}
