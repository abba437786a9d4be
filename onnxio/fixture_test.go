package onnxio

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// smallNet returns a classifier of four classes: a convolution, a residual sum,
// pooling and a dense layer.
//
//	x ─ conv ─ relu ─┬─ conv ─ add ─ pool ─ flatten ─ gemm ─ logits
//	                 └──────────┘
func smallNet(t testing.TB) *Model {
	t.Helper()
	m := New("smallnet")
	p := m.Graph.Edit()
	p.SetInputType("x", Type{Float32, Shape{Symbol("batch"), Known(3), Known(8), Known(8)}})
	p.SetOutputType("logits", Type{Float32, Shape{Symbol("batch"), Known(4)}})
	p.SetInitializer(ramp("conv1.weight", 4, 3, 3, 3))
	p.SetInitializer(ramp("conv1.bias", 4))
	p.SetInitializer(ramp("conv2.weight", 4, 4, 3, 3))
	p.SetInitializer(ramp("fc.weight", 4, 4))
	p.SetInitializer(ramp("fc.bias", 4))
	pads := Ints("pads", 1, 1, 1, 1)
	kernel := Ints("kernel_shape", 3, 3)
	p.Add(NodeSpec{Op: "Conv", Name: "conv1", Inputs: []string{"x", "conv1.weight", "conv1.bias"}, Outputs: []string{"h1"}, Attrs: []Attr{pads, kernel}})
	p.Add(NodeSpec{Op: "Relu", Inputs: []string{"h1"}, Outputs: []string{"h2"}})
	p.Add(NodeSpec{Op: "Conv", Name: "conv2", Inputs: []string{"h2", "conv2.weight"}, Outputs: []string{"h3"}, Attrs: []Attr{pads, kernel}})
	p.Add(NodeSpec{Op: "Add", Name: "sum", Inputs: []string{"h3", "h2"}, Outputs: []string{"h4"}})
	p.Add(NodeSpec{Op: "GlobalAveragePool", Name: "pool", Inputs: []string{"h4"}, Outputs: []string{"h5"}})
	p.Add(NodeSpec{Op: "Flatten", Name: "flat", Inputs: []string{"h5"}, Outputs: []string{"h6"}, Attrs: []Attr{Int("axis", 1)}})
	p.Add(NodeSpec{Op: "Gemm", Name: "fc", Inputs: []string{"h6", "fc.weight", "fc.bias"}, Outputs: []string{"logits"}, Attrs: []Attr{Int("transB", 1)}})
	apply(t, p)
	return m
}

func apply(t testing.TB, p *Patch) {
	t.Helper()
	if err := p.Apply(); err != nil {
		t.Fatal(err)
	}
}

// ramp returns a float tensor of multiples of 1/64, which every float type of
// 16 bits or more holds exactly up to 16.
func ramp(name string, dims ...int64) *Tensor {
	v := make([]float32, product(dims))
	for i := range v {
		v[i] = float32(i-len(v)/2) / 64
	}
	return NewTensor(name, dims, v)
}

// branchProto returns a model whose If node reads x, w and h from inside its
// branches, h two graphs deep, and defines inner names of its own.
func branchProto() *onnxpb.ModelProto {
	float := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: &name, Type: protoType(Type{Float32, ShapeOf(2)})}
	}
	node := func(op string, in, out []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: &op, Name: proto.String(op + "_" + out[0]), Input: in, Output: out, Attribute: attrs}
	}
	branch := func(name, out string, nodes ...*onnxpb.NodeProto) *onnxpb.AttributeProto {
		a := attr(name, onnxpb.AttributeProto_GRAPH)
		a.G = &onnxpb.GraphProto{Name: &name, Node: nodes, Output: []*onnxpb.ValueInfoProto{float(out)}}
		return a
	}
	deep := node("If", []string{"cond"}, []string{"deep_out"},
		branch("then_branch", "t2", node("Mul", []string{"inner", "h"}, []string{"t2"})),
		branch("else_branch", "e2", node("Identity", []string{"inner"}, []string{"e2"})))
	cond := &onnxpb.ValueInfoProto{Name: proto.String("cond"), Type: protoType(Type{Bool, ShapeOf()})}
	return &onnxpb.ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
		Graph: &onnxpb.GraphProto{
			Name:        proto.String("branches"),
			Input:       []*onnxpb.ValueInfoProto{float("x"), cond},
			Output:      []*onnxpb.ValueInfoProto{float("y")},
			Initializer: []*onnxpb.TensorProto{ramp("w", 2).pb},
			Node: []*onnxpb.NodeProto{
				node("Relu", []string{"x"}, []string{"h"}),
				node("If", []string{"cond"}, []string{"y"},
					branch("then_branch", "t1", node("Add", []string{"x", "w"}, []string{"t1"})),
					branch("else_branch", "deep_out", node("Neg", []string{"x"}, []string{"inner"}), deep)),
			},
		},
	}
}

func encode(t testing.TB, pb *onnxpb.ModelProto) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(pb)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func parse(t testing.TB, b []byte) *Model {
	t.Helper()
	m, err := Parse(b, "")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func marshal(t testing.TB, m *Model) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fingerprint(t testing.TB, m *Model) string {
	t.Helper()
	f, err := m.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// state returns everything a graph holds, index included, as text that two
// equal graphs share.
func state(t testing.TB, m *Model) string {
	t.Helper()
	g := m.Graph
	b := &strings.Builder{}
	fmt.Fprintf(b, "%x\n", marshal(t, m))
	for _, n := range g.Nodes() {
		fmt.Fprintf(b, "%p %v %v\n", n, n.Inputs(), n.Outputs())
	}
	dump := func(kind string, keys []string, value func(string) any) {
		slices.Sort(keys)
		for _, k := range keys {
			fmt.Fprintf(b, "%s %q %v\n", kind, k, value(k))
		}
	}
	dump("producer", keys(g.producer), func(k string) any { return g.producer[k] })
	dump("consumers", keys(g.consumers), func(k string) any { return g.consumers[k] })
	dump("init", keys(g.inits), func(k string) any { return fmt.Sprintf("%p", g.inits[k]) })
	dump("type", keys(g.types), func(k string) any { return typeOf(g.types[k]) })
	dump("inner", keys(g.inner), func(k string) any { return g.inner[k] })
	return b.String()
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// valid checks a graph against its contract by other means than settle's.
func valid(t testing.TB, g *Graph) {
	t.Helper()
	have := map[string]bool{"": true}
	made := map[string]*Node{}
	for _, v := range g.inputs {
		if v.GetName() == "" {
			t.Error("an input without a name")
		}
		have[v.GetName()] = true
	}
	if len(have) != len(g.inputs)+1 {
		t.Error("an input is listed twice")
	}
	for name, x := range g.inits {
		if x.Name() != name || name == "" {
			t.Errorf("initializer %q is kept under %q", x.Name(), name)
		}
		have[name] = true
	}
	if sorted := slices.Sorted(slices.Values(g.names)); !slices.Equal(slices.Compact(sorted), slices.Sorted(slices.Values(keys(g.inits)))) || len(sorted) != len(g.names) {
		t.Errorf("initializer names %v differ from the tensors' %v", g.names, keys(g.inits))
	}
	reads := 0
	for _, n := range g.nodes {
		for i, in := range append(slices.Clone(n.Inputs()), n.Captures()...) {
			if !have[in] {
				t.Errorf("%v reads %q before it is made", n, in)
			}
			if i >= len(n.Inputs()) {
				i = -1
			}
			if in == "" {
				continue
			}
			reads++
			if !slices.Contains(g.Consumers(in), Use{n, i}) {
				t.Errorf("consumers of %q lack %v", in, n)
			}
		}
		for _, o := range n.Outputs() {
			if o == "" {
				continue
			}
			if have[o] {
				t.Errorf("%v makes %q again", n, o)
			}
			have[o] = true
			made[o] = n
			if g.Producer(o) != n {
				t.Errorf("producer of %q is %v, want %v", o, g.Producer(o), n)
			}
		}
	}
	for _, uses := range g.consumers {
		reads -= len(uses)
	}
	if reads != 0 || len(g.producer) != len(made) {
		t.Errorf("the index holds stale entries: %d uses, %d producers too many", -reads, len(g.producer)-len(made))
	}
	for _, v := range g.outputs {
		if !have[v.GetName()] || v.GetName() == "" {
			t.Errorf("output %q is made by nothing", v.GetName())
		}
	}
}

// unknownField is field 99 holding text, which no version of ONNX defines.
func unknownField(text string) []byte {
	return protowire.AppendString(protowire.AppendTag(nil, 99, protowire.BytesType), text)
}
