package onnxio

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func decode(t testing.TB, b []byte) *onnxpb.ModelProto {
	t.Helper()
	pb := &onnxpb.ModelProto{}
	if err := proto.Unmarshal(b, pb); err != nil {
		t.Fatal(err)
	}
	return pb
}

// everything returns a model with all that the format allows and this package
// only carries along: documentation, metadata, functions, training information,
// quantization notes, stated types of any kind, and unknown fields at every
// level.
func everything() *onnxpb.ModelProto {
	pb := branchProto()
	note := func(k string) []*onnxpb.StringStringEntryProto {
		return []*onnxpb.StringStringEntryProto{{Key: &k, Value: proto.String("")}}
	}
	pb.ProducerName, pb.ProducerVersion, pb.Domain = proto.String("exporter"), proto.String("2.1"), proto.String("org.example")
	pb.ModelVersion, pb.DocString = proto.Int64(0), proto.String("doc")
	pb.MetadataProps = append(note("a"), note("a")...)
	pb.OpsetImport = append(pb.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: proto.String("org.example"), Version: proto.Int64(3)})
	pb.TrainingInfo = []*onnxpb.TrainingInfoProto{{Algorithm: &onnxpb.GraphProto{Name: proto.String("step")}}}
	pb.Functions = []*onnxpb.FunctionProto{{
		Name: proto.String("Twice"), Domain: proto.String("org.example"), Input: []string{"a"}, Output: []string{"b"},
		Node: []*onnxpb.NodeProto{{OpType: proto.String("Add"), Input: []string{"a", "a"}, Output: []string{"b"}}},
	}}
	g := pb.Graph
	g.DocString, g.MetadataProps = proto.String("graph doc"), note("g")
	g.QuantizationAnnotation = []*onnxpb.TensorAnnotation{{TensorName: proto.String("w"), QuantParameterTensorNames: note("SCALE_TENSOR")}}
	g.Input[0].DocString = proto.String("image")
	g.Initializer[0].DocString = proto.String("weights")
	g.Initializer = append(g.Initializer, &onnxpb.TensorProto{Name: proto.String("typed"), DataType: Float16.proto(), Dims: []int64{1}, Int32Data: []int32{0x3c00}})
	seq := &onnxpb.TypeProto{Denotation: proto.String("LIST"), Value: &onnxpb.TypeProto_SequenceType{SequenceType: &onnxpb.TypeProto_Sequence{ElemType: protoType(Type{Int64, nil})}}}
	g.ValueInfo = []*onnxpb.ValueInfoProto{
		{Name: proto.String("h"), Type: protoType(Type{Float32, Shape{Symbol("n")}})},
		{Name: proto.String("w"), Type: protoType(Type{Float32, ShapeOf(2)})}, // some exporters state constants too
		{Name: proto.String("inner"), Type: seq},                              // and values of branches
	}
	relu := g.Node[0]
	relu.MetadataProps, relu.DocString = note("n"), proto.String("")
	relu.Attribute = []*onnxpb.AttributeProto{
		{Name: proto.String("old"), F: proto.Float32(0)}, // no type, as the first exporters wrote
		{Name: proto.String("tp"), Tp: seq, Type: onnxpb.AttributeProto_TYPE_PROTO.Enum()},
		{Name: proto.String("text"), T: &onnxpb.TensorProto{DataType: String.proto(), Dims: []int64{1}, StringData: [][]byte{{0xff}}}},
	}
	for _, m := range []proto.Message{pb, pb.OpsetImport[0], g, relu, relu.Attribute[0], g.Initializer[0], g.Input[0], g.ValueInfo[0], g.Node[1].Attribute[0].G, relu.Attribute[2].T, pb.Functions[0]} {
		m.ProtoReflect().SetUnknown(unknownField("kept"))
	}
	return pb
}

func TestRoundTripKeepsEverything(t *testing.T) {
	t.Parallel()
	for what, pb := range map[string]*onnxpb.ModelProto{"branches": branchProto(), "everything": everything()} {
		b := encode(t, pb)
		m := parse(t, b)
		if got := marshal(t, m); !bytes.Equal(got, b) {
			t.Errorf("%s: comes back as\n%v\nwant\n%v", what, decode(t, got), pb)
		}
		valid(t, m.Graph)
		if c := marshal(t, m.Clone()); !bytes.Equal(c, b) {
			t.Errorf("%s: the clone differs", what)
		}
	}
}

// TestSecondMarshalEqualsFirst starts from a file whose fields and nodes lie
// out of order.
func TestSecondMarshalEqualsFirst(t *testing.T) {
	t.Parallel()
	pb := everything()
	slices.Reverse(pb.Graph.Node)
	full := encode(t, pb)
	split := &onnxpb.ModelProto{Graph: pb.Graph}
	graph := encode(t, split)
	pb.Graph = nil
	mixed := append(append([]byte{}, graph...), encode(t, pb)...) // field 7 before field 1
	if bytes.Equal(mixed, full) {
		t.Fatal("the file is in order")
	}
	first := marshal(t, parse(t, mixed))
	if second := marshal(t, parse(t, first)); !bytes.Equal(first, second) {
		t.Error("the second marshal differs from the first")
	}
}

func TestVersionsAreKept(t *testing.T) {
	t.Parallel()
	pb := branchProto()
	pb.IrVersion = proto.Int64(5)
	pb.OpsetImport = []*onnxpb.OperatorSetIdProto{{Domain: proto.String("ai.onnx"), Version: proto.Int64(9)}, {Domain: proto.String("com.microsoft"), Version: proto.Int64(1)}}
	m := parse(t, encode(t, pb))
	p := m.Graph.Edit()
	p.SetInitializer(ramp("new", 2))
	apply(t, p)
	got := decode(t, marshal(t, m))
	if got.GetIrVersion() != 5 || m.Opset("") != 9 || m.Opset("com.microsoft") != 1 || m.Opset("none") != 0 {
		t.Errorf("versions became %d, %v", got.GetIrVersion(), got.OpsetImport)
	}
	for i, o := range got.OpsetImport {
		if !proto.Equal(o, pb.OpsetImport[i]) {
			t.Errorf("opset %v became %v", pb.OpsetImport[i], o)
		}
	}
	if len(got.Graph.Input) != 2 {
		t.Errorf("the graph has %d inputs", len(got.Graph.Input))
	}
}

// TestOldInitializersAreInputs: up to IR version 3 a file must list each
// initializer as an input.
func TestOldInitializersAreInputs(t *testing.T) {
	t.Parallel()
	pb := branchProto()
	pb.IrVersion = proto.Int64(3)
	pb.Graph.Input = append(pb.Graph.Input, &onnxpb.ValueInfoProto{Name: proto.String("w"), Type: protoType(ramp("w", 2).Type())})
	m := parse(t, encode(t, pb))
	if in := m.Graph.Inputs(); len(in) != 2 {
		t.Errorf("fed inputs are %v", in)
	}
	p := m.Graph.Edit()
	p.SetInitializer(ramp("w", 3))
	p.SetInitializer(ramp("new", 4))
	apply(t, p)
	var listed []string
	for _, v := range decode(t, marshal(t, m)).Graph.Input {
		listed = append(listed, v.GetName()+" "+typeOf(v).String())
	}
	if want := []string{"x float32[2]", "cond bool[]", "w float32[3]", "new float32[4]"}; !slices.Equal(listed, want) {
		t.Errorf("inputs are %v, want %v", listed, want)
	}
	p = m.Graph.Edit()
	p.RemoveInitializer("new")
	apply(t, p)
	if n := len(decode(t, marshal(t, m)).Graph.Input); n != 3 {
		t.Errorf("%d inputs are left", n)
	}
}

// sharedModels returns the models found beside the repository, if any.
func sharedModels(t *testing.T) []string {
	t.Helper()
	paths, _ := filepath.Glob("../../shared/models/*.onnx")
	more, _ := filepath.Glob("../../shared/models/onnx-light/*.onnx")
	if len(paths) == 0 {
		t.Skip("needs the models in ../shared/models")
	}
	return append(paths, more...)
}

func TestRoundTripOfRealModels(t *testing.T) {
	t.Parallel()
	for _, path := range sharedModels(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			m, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			valid(t, m.Graph)
			first := marshal(t, m)
			again := parse(t, first)
			if fingerprint(t, again) != fingerprint(t, m) {
				t.Error("the fingerprint changes on the way through a file")
			}
			if !bytes.Equal(marshal(t, again), first) {
				t.Error("the second marshal differs from the first")
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if canonical := encode(t, decode(t, b)); bytes.Equal(canonical, b) && !bytes.Equal(first, b) {
				t.Error("the file is in canonical order and does not come back as it was")
			}
		})
	}
}
