package main

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// Models as other programs write them: an MLP of x [N, 4], and what is odd about it.
type oddModel struct{ pb *onnxpb.ModelProto }

func newOddModel() *oddModel {
	g := &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{floats("x", 0, 4)}, Output: []*onnxpb.ValueInfoProto{floats("y", 0, 3)}}
	m := &oddModel{&onnxpb.ModelProto{IrVersion: proto.Int64(8), OpsetImport: []*onnxpb.OperatorSetIdProto{opset("", 13)}, Graph: g}}
	m.weight("w1", 4, 8).weight("w2", 8, 3)
	m.node("MatMul", "h", "x", "w1").node("Relu", "a", "h").node("MatMul", "y", "a", "w2")
	return m
}

func opset(domain string, version int64) *onnxpb.OperatorSetIdProto {
	return &onnxpb.OperatorSetIdProto{Domain: proto.String(domain), Version: proto.Int64(version)}
}

// floats is a value of float32; an extent of 0 is open.
func floats(name string, dims ...int64) *onnxpb.ValueInfoProto {
	var shape onnxpb.TensorShapeProto
	for _, d := range dims {
		dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: d}}
		if d == 0 {
			dim.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "N"}
		}
		shape.Dim = append(shape.Dim, dim)
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxio.Float32)), Shape: &shape},
	}}}
}

func (m *oddModel) weight(name string, dims ...int64) *oddModel {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	rng := rand.New(rand.NewPCG(5, uint64(n)))
	var raw []byte
	for range n {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(rng.NormFloat64())))
	}
	m.pb.Graph.Initializer = append(m.pb.Graph.Initializer, &onnxpb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(onnxio.Float32)), Dims: dims, RawData: raw})
	return m
}

func (m *oddModel) node(op, out string, in ...string) *oddModel {
	m.pb.Graph.Node = append(m.pb.Graph.Node, &onnxpb.NodeProto{OpType: proto.String(op), Input: in, Output: []string{out}})
	return m
}

// between puts a node of another kind in the place of the Relu.
func (m *oddModel) between(op, domain string, attrs ...*onnxpb.AttributeProto) *oddModel {
	n := m.pb.Graph.Node[1]
	n.OpType, n.Domain, n.Attribute = proto.String(op), proto.String(domain), attrs
	return m
}

func intAttr(name string, v int64) *onnxpb.AttributeProto {
	t := onnxpb.AttributeProto_INT
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: &t, I: proto.Int64(v)}
}

// sparseW1 makes w1 a Constant of a sparse value with one element at each place.
func (m *oddModel) sparseW1(places ...int64) *oddModel {
	t := onnxpb.AttributeProto_SPARSE_TENSOR
	values := &onnxpb.TensorProto{DataType: proto.Int32(int32(onnxio.Float32)), Dims: []int64{int64(len(places))}}
	for i := range places {
		values.FloatData = append(values.FloatData, float32(i+1))
	}
	indices := &onnxpb.TensorProto{DataType: proto.Int32(int32(onnxio.Int64)), Dims: values.Dims, Int64Data: places}
	m.pb.Graph.Initializer = m.pb.Graph.Initializer[1:]
	m.pb.Graph.Node = append([]*onnxpb.NodeProto{{OpType: proto.String("Constant"), Output: []string{"w1"}, Attribute: []*onnxpb.AttributeProto{
		{Name: proto.String("sparse_value"), Type: &t, SparseTensor: &onnxpb.SparseTensorProto{Values: values, Indices: indices, Dims: []int64{4, 8}}},
	}}}, m.pb.Graph.Node...)
	return m
}

// function makes the node in the middle a call of a function of one operator, written
// in another opset.
func (m *oddModel) function(version int64, op string) *oddModel {
	m.between("F", "own")
	m.pb.OpsetImport = append(m.pb.OpsetImport, opset("own", 1))
	m.pb.Functions = []*onnxpb.FunctionProto{{
		Name: proto.String("F"), Domain: proto.String("own"), Input: []string{"p"}, Output: []string{"q"},
		OpsetImport: []*onnxpb.OperatorSetIdProto{opset("", version)},
		Node:        []*onnxpb.NodeProto{{OpType: proto.String(op), Input: []string{"p"}, Output: []string{"q"}}},
	}}
	return m
}

func (m *oddModel) with(change func(pb *onnxpb.ModelProto)) *oddModel {
	change(m.pb)
	return m
}

// What commands make of odd models: they work, their result proven, or one line says
// what is the matter, and where.
func TestOddModels(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	const prune, export, noVerify, train = "prune", "export", "prune --no-verify", "train"
	for about, c := range map[string]struct {
		model   *oddModel
		command string
		code    int
		words   []string
	}{
		"nothing odd":                   {newOddModel(), prune, exitOK, []string{"verified"}},
		"an IR version to come":         {newOddModel().with(func(pb *onnxpb.ModelProto) { pb.IrVersion = proto.Int64(14) }), prune, exitFailed, []string{"IR version 14 is newer than 13", "save it with an older one"}},
		"the IR version to export":      {newOddModel().with(func(pb *onnxpb.ModelProto) { pb.IrVersion = proto.Int64(90) }), export, exitFailed, []string{"IR version 90 is newer"}},
		"an opset to come":              {newOddModel().with(func(pb *onnxpb.ModelProto) { pb.OpsetImport[0].Version = proto.Int64(99) }), export, exitFailed, []string{"opset 99 of domain ai.onnx is newer than", "export the model with an older one"}},
		"an operator of nobody's":       {newOddModel().between("MyOp", "mine").with(func(pb *onnxpb.ModelProto) { pb.OpsetImport = append(pb.OpsetImport, opset("mine", 1)) }), prune, exitUnsupported, []string{`node "a" (MyOp)`}},
		"the same to export":            {newOddModel().between("MyOp", "mine").with(func(pb *onnxpb.ModelProto) { pb.OpsetImport = append(pb.OpsetImport, opset("mine", 1)) }), export, exitUnsupported, []string{`node "a" (MyOp)`, "ONNX Runtime does not have it"}},
		"a sparse weight":               {newOddModel().sparseW1(0, 3, 9, 17, 30, 31), prune, exitOK, []string{"verified"}},
		"a sparse weight to export":     {newOddModel().sparseW1(0, 3, 9, 17, 30, 31), export, exitOK, []string{"verified"}},
		"a sparse weight beyond itself": {newOddModel().sparseW1(0, 32), prune, exitFailed, []string{`node "w1" (Constant)`, "the index 32", "export it as a dense constant"}},
		"a function of a like opset":    {newOddModel().function(14, "Tanh"), prune, exitOK, []string{"verified"}},
		"a function of an unlike opset": {newOddModel().function(12, "Softmax"), prune, exitUnsupported, []string{`node "a" (F)`}},
		"defaults that can be replaced": {newOddModel().with(func(pb *onnxpb.ModelProto) {
			pb.Graph.Input = append(pb.Graph.Input, floats("w1", 4, 8), floats("w2", 8, 3))
		}), export, exitOK, []string{"inputs with a default value can be given no other any more: w1, w2", "verified"}},
		"the same before IR version 4": {newOddModel().with(func(pb *onnxpb.ModelProto) {
			pb.IrVersion = proto.Int64(3)
			pb.Graph.Input = append(pb.Graph.Input, floats("w1", 4, 8), floats("w2", 8, 3))
		}), export, exitOK, []string{"verified"}},
		"dropout in training": {newOddModel().with(func(pb *onnxpb.ModelProto) {
			on := &onnxpb.TensorProto{Name: proto.String("on"), DataType: proto.Int32(int32(onnxio.Bool)), RawData: []byte{1}}
			pb.Graph.Initializer = append(pb.Graph.Initializer, on)
			pb.Graph.Node[1].OpType, pb.Graph.Node[1].Input = proto.String("Dropout"), []string{"h", "", "on"}
		}), prune, exitFailed, []string{`node "a" (Dropout) draws at random`, "--no-verify"}},
		"weights inside of branches":   {newOddModel().with(branches), export, exitOK, []string{"verified"}},
		"the same to prune":            {newOddModel().with(branches), prune, exitFailed, []string{"nothing in the model can be pruned"}},
		"an attribute of another type": {newOddModel().between("LeakyRelu", "", intAttr("alpha", 1)), noVerify, exitFailed, []string{"the runtime cannot load it", "alpha"}},
		"the same to train":            {newOddModel().between("LeakyRelu", "", intAttr("alpha", 1)), train, exitFailed, []string{"the runtime cannot load it", "alpha"}},
		"noise":                        {newOddModel().between("RandomNormalLike", ""), export, exitOK, []string{"not compared: output y", `node "a" (RandomNormalLike) draws at random`}},
		"old spatial":                  {newOddModel().with(spatial), prune, exitFailed, []string{`(BatchNormalization): spatial=0 was dropped in opset 9`, "export the model anew"}},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in, out := filepath.Join(dir, "in.onnx"), filepath.Join(dir, "out.onnx")
			b, err := proto.Marshal(c.model.pb)
			if err == nil {
				err = os.WriteFile(in, b, 0o666)
			}
			if err != nil {
				t.Fatal(err)
			}
			args := append(strings.Fields(c.command), in, "-o", out)
			switch c.command {
			case prune, noVerify:
				args = append(args, "--ratio", "0.5")
			case train:
				pool := filepath.Join(dir, "pool.npy")
				writeNPY(t, pool, []int{4, 4}, make([]float32, 16))
				writeNPY(t, filepath.Join(dir, "labels.npy"), []int{4}, []int64{0, 1, 2, 0})
				args = append(args, "--data", pool, "--steps", "1", "--mean", "0", "--std", "1")
			}
			code, stdout, stderr := runQuietly(args...)
			if code != c.code || code != exitOK && strings.Count(stderr, "\n") != 1 {
				t.Errorf("code %d, want %d: %s", code, c.code, stderr)
			}
			for _, word := range c.words {
				if !strings.Contains(stdout+stderr, word) {
					t.Errorf("%s%s lacks %q", stdout, stderr, word)
				}
			}
			if _, err := os.Stat(out); (err == nil) != (code == exitOK) {
				t.Errorf("code %d, and the output: %v", code, err)
			}
			if code == exitOK && c.command == prune {
				for _, more := range [][]string{{"verify", in, out}, {"fuse", "--dense", in, "--pruned", out, "--rest", "preserve", "-o", filepath.Join(dir, "fused.onnx")}} {
					if code, _, stderr := runQuietly(more...); code != exitOK {
						t.Errorf("%s: code %d: %s", more[0], code, stderr)
					}
				}
			}
		})
	}
}

func writeNPY[T data.Element](t *testing.T, path string, shape []int, values []T) {
	t.Helper()
	var b bytes.Buffer
	err := data.EncodeNPY(&b, shape, values)
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// branches puts an If between, each of whose branches has a convolution with weights
// of the graph around it.
func branches(pb *onnxpb.ModelProto) {
	m := &oddModel{pb}
	branch := func(name, out string, nodes ...*onnxpb.NodeProto) *onnxpb.AttributeProto {
		t := onnxpb.AttributeProto_GRAPH
		return &onnxpb.AttributeProto{Name: proto.String(name), Type: &t, G: &onnxpb.GraphProto{Name: proto.String(name), Node: nodes, Output: []*onnxpb.ValueInfoProto{floats(out, 0, 8, 1, 1)}}}
	}
	node := func(op, out string, in ...string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String(op), Input: in, Output: []string{out}}
	}
	m.weight("k1", 8, 8, 1, 1).weight("k2", 8, 8, 1, 1).weight("two").weight("zero")
	first, last := pb.Graph.Node[0], pb.Graph.Node[2]
	kind := onnxpb.AttributeProto_TENSOR
	two := node("Constant", "twice")
	two.Attribute = []*onnxpb.AttributeProto{{Name: proto.String("value"), Type: &kind, T: pb.Graph.Initializer[len(pb.Graph.Initializer)-2]}}
	sum := node("ReduceSum", "sum", "h")
	sum.Attribute = []*onnxpb.AttributeProto{intAttr("keepdims", 0)}
	decide := node("If", "z", "above")
	decide.Attribute = []*onnxpb.AttributeProto{
		branch("then_branch", "t", node("Conv", "t", "map", "k1")),
		branch("else_branch", "e", node("Conv", "c", "map", "k2"), two, node("Mul", "e", "c", "twice")),
	}
	axes := intAttr("axes", 0)
	t := onnxpb.AttributeProto_INTS
	axes.Type, axes.I, axes.Ints = &t, nil, []int64{2, 3}
	wide := node("Unsqueeze", "map", "h")
	wide.Attribute = []*onnxpb.AttributeProto{axes}
	pb.OpsetImport[0].Version = proto.Int64(12)
	pb.Graph.Node = []*onnxpb.NodeProto{first, sum, node("Greater", "above", "sum", "zero"), wide, decide, node("Flatten", "a", "z"), last}
}

// spatial normalises each value and not each channel, as before opset 9.
func spatial(pb *onnxpb.ModelProto) {
	pb.OpsetImport[0].Version = proto.Int64(8)
	m := &oddModel{pb}
	for _, name := range []string{"scale", "bias", "mean", "var"} {
		m.weight(name, 8)
	}
	n := pb.Graph.Node[1]
	n.OpType, n.Input, n.Attribute = proto.String("BatchNormalization"), []string{"h", "scale", "bias", "mean", "var"}, []*onnxpb.AttributeProto{intAttr("spatial", 0)}
}
