package op_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// nodeTests is where Debian's libonnx-testdata puts ONNX's own cases.
const nodeTests = "/usr/share/libonnx-testdata/data/node"

const passList = "testdata/node.txt"

// TestONNXNodes infers the output shapes of ONNX's own test cases of the
// operators in the table. The list of those that agree with the expected
// outputs is kept in testdata; a case that drops out of it fails.
func TestONNXNodes(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(nodeTests, "*"))
	if err != nil || len(dirs) == 0 {
		t.Skip("the package libonnx-testdata is not installed")
	}
	listed, err := os.ReadFile(passList)
	if err != nil && !*update {
		t.Fatal(err)
	}
	var pass []string
	for _, dir := range dirs {
		name := filepath.Base(dir)
		applies, err := nodeCase(dir)
		switch {
		case !applies:
		case err == nil:
			pass = append(pass, name)
		case slices.Contains(strings.Fields(string(listed)), name):
			t.Errorf("%s: %v", name, err)
		default:
			t.Logf("%s is not on the list: %v", name, err)
		}
	}
	if *update {
		if err := os.WriteFile(passList, []byte(strings.Join(pass, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// nodeCase compares the inferred types of a case's outputs with the expected
// ones. It does not apply where the operators are not in the table or the
// values are no tensors.
func nodeCase(dir string) (applies bool, err error) {
	m, err := onnxio.Load(filepath.Join(dir, "model.onnx"))
	if err != nil || m.Opset("") < op.MinOpset {
		return false, err
	}
	// Small integers are fed in these cases where models have constants.
	p := m.Graph.Edit()
	for i, v := range m.Graph.Inputs() {
		t, err := tensorFile(filepath.Join(dir, "test_data_set_0", fmt.Sprintf("input_%d.pb", i)))
		if err != nil {
			return false, err
		}
		if t.Elem().Int() && t.Rank() <= 1 {
			p.RemoveInput(v.Name)
			p.SetInitializer(t.Renamed(v.Name))
		}
	}
	if err := p.Apply(); err != nil {
		return false, err
	}
	f, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return true, err
	}
	if len(f.Unknown) > 0 {
		return false, nil
	}
	for i, v := range m.Graph.Outputs() {
		want, err := tensorFile(filepath.Join(dir, "test_data_set_0", fmt.Sprintf("output_%d.pb", i)))
		if err != nil {
			return false, err
		}
		if got := f.Types[v.Name]; got.Elem != want.Elem() || !got.Shape.Equal(want.Shape()) {
			return true, fmt.Errorf("output %d is %v, inferred %v", i, want.Type(), got)
		}
	}
	return true, nil
}

// tensorFile reads a file that holds a serialized tensor.
func tensorFile(path string) (*onnxio.Tensor, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := onnxio.Parse(aroundTensor(b), "")
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	t := m.Graph.Initializers()[0]
	if t.Elem().Bits() == 0 {
		return nil, fmt.Errorf("read %s: not a tensor of numbers", path)
	}
	return t, nil
}

// aroundTensor returns a serialized model with a serialized tensor as its only
// initializer, so that it is read as any other. The numbers are onnx.proto's.
func aroundTensor(tensor []byte) []byte {
	field := func(b []byte, n protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), v)
	}
	number := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	const (
		irVersion, graph, opsetImport = 1, 7, 8 // of a model
		graphName, initializer        = 2, 5
		tensorName                    = 8
		opsetVersion                  = 2
	)
	g := field(nil, graphName, []byte("g"))
	g = field(g, initializer, field(tensor, tensorName, []byte("t")))
	m := field(number(irVersion, onnxio.NewIRVersion), graph, g)
	return field(m, opsetImport, number(opsetVersion, onnxio.NewOpset))
}
