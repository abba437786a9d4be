package ort_test

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// node is one operator of a test model, written by hand so that these tests
// rest on the wire format alone.
type node struct {
	op, domain string
	in, out    []string
	ints       map[string]int64
}

// model serializes a graph at opset 17.
func model(nodes []node, ins, outs []ort.IO) []byte {
	var graph []byte
	for _, n := range nodes {
		graph = field(graph, 1, n.bytes())
	}
	graph = field(graph, 2, []byte("g"))
	for _, v := range ins {
		graph = field(graph, 11, valueInfo(v))
	}
	for _, v := range outs {
		graph = field(graph, 12, valueInfo(v))
	}
	m := number(nil, 1, 8)
	m = field(m, 7, graph)
	m = field(m, 8, number(field(nil, 1, nil), 2, 17))
	return field(m, 8, number(field(nil, 1, []byte("com.microsoft")), 2, 1))
}

func (n node) bytes() (b []byte) {
	for _, s := range n.in {
		b = field(b, 1, []byte(s))
	}
	for _, s := range n.out {
		b = field(b, 2, []byte(s))
	}
	b = field(b, 4, []byte(n.op))
	for name, v := range n.ints {
		b = field(b, 5, number(number(field(nil, 1, []byte(name)), 3, v), 20, 2))
	}
	return field(b, 7, []byte(n.domain))
}

func valueInfo(v ort.IO) []byte {
	tensor := number(nil, 1, int64(v.Elem))
	if v.Shape != nil {
		var shape []byte
		for _, d := range v.Shape {
			if n, known := d.Value(); known {
				shape = field(shape, 1, number(nil, 1, n))
			} else {
				shape = field(shape, 1, field(nil, 2, []byte(d.String())))
			}
		}
		tensor = field(tensor, 2, shape)
	}
	return field(field(nil, 1, []byte(v.Name)), 2, field(nil, 1, tensor))
}

func field(b []byte, n protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), content)
}

func number(b []byte, n protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, n, protowire.VarintType), uint64(v))
}

func value(name string, elem onnxio.Elem, dims ...any) ort.IO {
	shape := onnxio.Shape{}
	for _, d := range dims {
		switch d := d.(type) {
		case int:
			shape = append(shape, onnxio.Known(int64(d)))
		case string:
			shape = append(shape, onnxio.Symbol(d))
		}
	}
	return ort.IO{Name: name, Elem: elem, Shape: shape}
}

// addModel is c = a + b over [N,3], and d = relu(c).
func addModel() []byte {
	return model(
		[]node{{op: "Add", in: []string{"a", "b"}, out: []string{"c"}}, {op: "Relu", in: []string{"c"}, out: []string{"d"}}},
		[]ort.IO{value("a", onnxio.Float32, "N", 3), value("b", onnxio.Float32, "N", 3)},
		[]ort.IO{value("c", onnxio.Float32, "N", 3), value("d", onnxio.Float32, "N", 3)})
}
