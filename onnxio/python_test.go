package onnxio

import (
	"encoding/binary"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// python runs a script with the reference implementation of ONNX and returns
// its output. Debian has it as python3-onnx, which the python3 found first
// need not see.
func python(t *testing.T, script string, args ...string) string {
	t.Helper()
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import onnx").Run() != nil {
			continue
		}
		out, err := exec.Command(name, append([]string{"-c", script}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	t.Skip("needs python3 with the package onnx")
	return ""
}

func TestPythonAcceptsWhatWeWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	net, branches := smallNet(t), parse(t, encode(t, branchProto()))
	old := parse(t, encode(t, branchProto()))
	old.pb.IrVersion = proto.Int64(3)
	p := net.Graph.Edit()
	p.SetTypes(map[string]Type{"h1": {Float32, Shape{Symbol("batch"), Known(4), Known(8), Known(8)}}})
	apply(t, p)
	var args []string
	for name, m := range map[string]*Model{"net": net, "branches": branches, "old": old} {
		inline, outside := filepath.Join(dir, name+".onnx"), filepath.Join(dir, name+"-external.onnx")
		if err := m.Save(inline, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := m.Save(outside, SaveOptions{External: true, ExternalMin: 1}); err != nil {
			t.Fatal(err)
		}
		args = append(args, inline, outside)
	}
	python(t, `
import sys, onnx
from onnx import numpy_helper as h
for a, b in zip(sys.argv[1::2], sys.argv[2::2]):
    onnx.checker.check_model(b) # without full_check, which writes inferred types into the file
    x, y = onnx.load(a), onnx.load(b)
    onnx.checker.check_model(x, full_check=True)
    onnx.checker.check_model(y, full_check=True)
    assert len(x.graph.initializer) == len(y.graph.initializer) > 0
    for v, w in zip(x.graph.initializer, y.graph.initializer):
        assert v.name == w.name
        assert (h.to_array(v) == h.to_array(w)).all(), v.name
    assert all(t.HasField("raw_data") for t in y.graph.initializer)
    del x.graph.initializer[:], y.graph.initializer[:]
    assert x == y, (a, b)
`, args...)
}

// TestPythonTensors has the reference implementation write tensors of every
// type it knows, in typed fields and raw, inside and outside the model, and
// compares their elements.
func TestPythonTensors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	out := python(t, `
import sys, numpy as np, onnx
from onnx import helper, numpy_helper, TensorProto as T
rng = np.random.default_rng(1)
ts = []
for name in "float32 float64 float16 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split():
    dt = np.dtype(name)
    a = rng.standard_normal((3, 5)) * 100 if dt.kind == "f" else rng.integers(0, 2 if dt.kind == "b" else 100, (3, 5))
    a = a.astype(dt)
    ts.append(numpy_helper.from_array(a, name + ".raw"))
    ts.append(helper.make_tensor(name + ".typed", helper.mapping.NP_TYPE_TO_TENSOR_TYPE[dt], a.shape, a.flatten()))
    print(name, *[repr(float(v)) for v in a.flatten()])
b = rng.standard_normal(15).astype(np.float32)
ts.append(helper.make_tensor("bfloat16.typed", T.BFLOAT16, (3, 5), b))
bits = np.array(ts[-1].int32_data, np.uint32) << 16
print("bfloat16", *[repr(float(v)) for v in bits.view(np.float32)])
g = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "tensors",
    [helper.make_tensor_value_info("x", T.FLOAT, [1])], [helper.make_tensor_value_info("y", T.FLOAT, [1])], ts)
m = helper.make_model(g)
onnx.save(m, sys.argv[1] + "/inline.onnx")
onnx.save(m, sys.argv[1] + "/external.onnx", save_as_external_data=True, location="sub.bin", size_threshold=1)
`, dir)
	inline, err := Load(filepath.Join(dir, "inline.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	external, err := Load(filepath.Join(dir, "external.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if fingerprint(t, inline) != fingerprint(t, external) {
		t.Error("the model differs with its data outside")
	}
	outside := 0
	for _, x := range external.Graph.Initializers() {
		if x.src != nil {
			outside++
		}
	}
	if outside != 12 {
		t.Errorf("%d tensors lie outside, want the 12 raw ones", outside)
	}
	for line := range strings.Lines(out) {
		words := strings.Fields(line)
		for _, form := range []string{".raw", ".typed"} {
			x := external.Graph.Initializer(words[0] + form)
			if x == nil {
				if words[0] != "bfloat16" {
					t.Errorf("no tensor %s%s", words[0], form)
				}
				continue
			}
			want := make([]float64, len(words)-1)
			for i, w := range words[1:] {
				if want[i], err = strconv.ParseFloat(w, 64); err != nil {
					t.Fatal(err)
				}
			}
			if got := elements64(t, x); !slices.Equal(got, want) {
				t.Errorf("%s%s holds %v, want %v", words[0], form, got, want)
			}
		}
	}
}

// TestPythonReadsTheSame re-marshals each real model and compares what the
// reference implementation reads from it with what it reads from the
// original, the order of nodes aside.
func TestPythonReadsTheSame(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var args []string
	for _, path := range sharedModels(t) {
		m, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		inline := filepath.Join(dir, filepath.Base(path))
		outside := inline + ".external"
		if err := m.Save(inline, SaveOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := m.Save(outside, SaveOptions{External: true}); err != nil {
			t.Fatal(err)
		}
		args = append(args, path, inline, outside)
	}
	python(t, `
import sys, onnx
from onnx import numpy_helper as h

def sort(m):
    nodes = sorted(m.graph.node, key=lambda n: list(n.output))
    del m.graph.node[:]
    m.graph.node.extend(nodes)

for i in range(1, len(sys.argv), 3):
    a, b, c = [onnx.load(p) for p in sys.argv[i:i+3]]
    listed = {v.name for v in a.graph.input}
    if a.ir_version < 4: # ours lists the initializers, as that version demands
        for m in b, c:
            for v in [v for v in m.graph.input if v.name not in listed]:
                m.graph.input.remove(v)
    for m in a, b, c:
        sort(m)
    assert a == b, sys.argv[i]
    for v, w in zip(a.graph.initializer, c.graph.initializer):
        assert v.name == w.name and (h.to_array(v) == h.to_array(w)).all(), (sys.argv[i], v.name)
    assert len(a.graph.initializer) == len(c.graph.initializer)
    del a.graph.initializer[:], c.graph.initializer[:]
    assert a == c, sys.argv[i]
`, args...)
}

// elements64 returns the elements without loss; those of float64 are beyond
// what Floats gives.
func elements64(t *testing.T, x *Tensor) []float64 {
	t.Helper()
	b, err := x.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var out []float64
	switch {
	case x.Elem() == Float64:
		for ; len(b) > 0; b = b[8:] {
			out = append(out, math.Float64frombits(binary.LittleEndian.Uint64(b)))
		}
	case x.Elem().Int():
		ints, _ := x.Ints()
		for _, v := range ints {
			out = append(out, float64(v))
		}
	default:
		floats, _ := x.Floats()
		for _, v := range floats {
			out = append(out, float64(v))
		}
	}
	return out
}
