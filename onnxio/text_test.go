package onnxio

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func text(t testing.TB, m *Model) string {
	t.Helper()
	var b strings.Builder
	if err := m.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// golden compares with a file of testdata, which -update rewrites.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s; go test -update rewrites it\ngot:\n%swant:\n%s", path, got, want)
	}
}

func TestWriteText(t *testing.T) {
	t.Parallel()
	golden(t, "smallnet.golden", text(t, smallNet(t)))
	golden(t, "branches.golden", text(t, parse(t, encode(t, branchProto()))))
}

func TestWriteTextAttributes(t *testing.T) {
	t.Parallel()
	m := New("attributes")
	m.SetOpset("com.microsoft", 1)
	lost := attr("lost", onnxpb.AttributeProto_TENSOR)
	p := m.Graph.Edit()
	p.Add(NodeSpec{Op: "Everything", Domain: "com.microsoft", Outputs: []string{"a", "", "b"}, Attrs: []Attr{
		Str("mode", "a \"b\""), Int("axis", -1), Ints("pads", 0, 1), Ints("none"), Float("alpha", 0.01),
		TensorValue("value", ramp("v", 2)),
		Floats("scales", 1, 0.5),
		Strs("keys", "a b", "c"),
		{pb: lost},
	}})
	p.SetInitializer(&Tensor{pb: &onnxpb.TensorProto{Name: proto.String("labels"), DataType: String.proto(), Dims: []int64{1}, StringData: [][]byte{[]byte("cat")}}})
	p.SetOutputType("a", Type{Elem: Float32})
	apply(t, p)
	golden(t, "attributes.golden", text(t, m))
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWriteTextFails(t *testing.T) {
	t.Parallel()
	if err := smallNet(t).WriteText(fullDisk{}); !errors.Is(err, errFull) {
		t.Errorf("error %v", err)
	}
}
