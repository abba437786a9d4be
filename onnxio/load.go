package onnxio

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// FormatError says that bytes are not an ONNX model that can be used.
type FormatError struct{ Reason string }

func (e *FormatError) Error() string { return e.Reason }

// Load reads a model file. Tensors with external data are read from the
// file's folder when they are first asked for.
//
// A file that is no model gives an error that wraps a *FormatError.
func Load(path string) (*Model, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > math.MaxInt32 {
		return nil, fmt.Errorf("load %s: %w", path, &FormatError{"the file exceeds 2 GiB, the most an ONNX file holds"})
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, pathless(err))
	}
	m, err := Parse(b, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	m.path = path
	m.follow()
	return m, nil
}

// follow lets external data be read through links into the folder that a link
// to the model's own file leads to, as in the cache of the Hugging Face hub,
// where all files of a model are links to one folder.
func (m *Model) follow() {
	real, err := filepath.EvalSymlinks(m.path)
	if err != nil || filepath.Dir(real) == filepath.Dir(m.path) {
		return
	}
	for _, t := range m.Graph.inits {
		if e, ok := t.src.(*external); ok {
			e.home = filepath.Dir(real)
		}
	}
}

// pathless takes the path off an error about a file that the caller names.
func pathless(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// Parse decodes a model from bytes, which it keeps: large weights stay where
// they are in b, and the caller no longer changes it. Dir is the folder that
// external data is looked for in; "" refuses external data.
func Parse(b []byte, dir string) (*Model, error) {
	if len(b) == 0 {
		return nil, &FormatError{"the file is empty"}
	}
	pb := &onnxpb.ModelProto{}
	rest, views := detach(b)
	if err := proto.Unmarshal(rest, pb); err != nil {
		return nil, &FormatError{"not an ONNX model, or cut short: the bytes are not a protobuf message"}
	}
	for i, t := range pb.GetGraph().GetInitializer() {
		if i < len(views) && views[i] != nil {
			t.RawData = views[i]
		}
	}
	switch {
	case pb.GetGraph() == nil || pb.IrVersion == nil:
		return nil, &FormatError{"not an ONNX model: it holds no graph"}
	case len(pb.GetGraph().GetSparseInitializer()) > 0:
		return nil, &FormatError{"sparse initializers are not supported; export the model with dense weights"}
	case len(pb.GetOpsetImport()) == 0:
		return nil, &FormatError{"the model states no opset"}
	}
	for _, f := range pb.GetFunctions() {
		attrs := slices.Clone(f.GetAttributeProto())
		for _, n := range f.GetNode() {
			attrs = append(attrs, n.GetAttribute()...)
		}
		if err := checkAttrs(attrs); err != nil {
			return nil, fmt.Errorf("function %q: %w", f.GetName(), err)
		}
	}
	g, err := newGraph(pb.GetGraph(), dir)
	if err != nil {
		return nil, err
	}
	pb.Graph = nil
	return &Model{Graph: g, pb: pb}, nil
}

func newGraph(pb *onnxpb.GraphProto, dir string) (*Graph, error) {
	g := &Graph{
		pb: pb, inits: make(map[string]*Tensor, len(pb.GetInitializer())), types: map[string]*onnxpb.ValueInfoProto{},
		inputs: pb.GetInput(), outputs: pb.GetOutput(),
	}
	for _, t := range pb.GetInitializer() {
		if g.inits[t.GetName()] != nil || t.GetName() == "" {
			return nil, &FormatError{fmt.Sprintf("initializer name %q is empty or repeated", t.GetName())}
		}
		x, err := newTensor(t, dir)
		if err != nil {
			return nil, err
		}
		g.inits[t.GetName()] = x
		g.names = append(g.names, t.GetName())
	}
	for _, n := range pb.GetNode() {
		if err := checkAttrs(n.GetAttribute()); err != nil {
			return nil, fmt.Errorf("%v: %w", &Node{n}, err)
		}
		g.nodes = append(g.nodes, &Node{n})
	}
	for _, v := range pb.GetValueInfo() {
		if g.types[v.GetName()] == nil {
			g.typeNames = append(g.typeNames, v.GetName())
		}
		g.types[v.GetName()] = v
	}
	pb.Node, pb.Initializer, pb.Input, pb.Output, pb.ValueInfo = nil, nil, nil, nil, nil
	if err := g.reindex(); err != nil {
		return nil, &FormatError{err.Error()}
	}
	return g, nil
}

// checkAttrs holds every tensor below the attributes, in subgraphs too, to what
// initializers are held to, and to lie inside the model file.
func checkAttrs(attrs []*onnxpb.AttributeProto) error {
	for _, a := range attrs {
		tensors, graphs := slices.Clone(a.GetTensors()), slices.Clone(a.GetGraphs())
		if a.GetT() != nil {
			tensors = append(tensors, a.GetT())
		}
		if a.GetG() != nil {
			graphs = append(graphs, a.GetG())
		}
		for _, g := range graphs {
			tensors = append(tensors, g.GetInitializer()...)
			for _, n := range g.GetNode() {
				if err := checkAttrs(n.GetAttribute()); err != nil {
					return err
				}
			}
		}
		for _, t := range tensors {
			if t.GetDataLocation() == onnxpb.TensorProto_EXTERNAL {
				return &FormatError{fmt.Sprintf("attribute %q lies in an external file; re-save the model with it inside", a.GetName())}
			}
			if err := checkTensor(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func newTensor(t *onnxpb.TensorProto, dir string) (*Tensor, error) {
	if err := checkTensor(t); err != nil {
		return nil, err
	}
	x := &Tensor{pb: t}
	if t.GetDataLocation() != onnxpb.TensorProto_EXTERNAL {
		return x, nil
	}
	if dir == "" {
		return nil, &FormatError{fmt.Sprintf("tensor %q lies in an external file, and the model was given without its folder", t.GetName())}
	}
	var err error
	if x.src, err = newExternal(dir, t); err != nil {
		return nil, &FormatError{err.Error()}
	}
	return x, nil
}

// checkTensor holds the invariant that Len and the byte count of a loaded
// tensor do not overflow and that its elements are all there.
func checkTensor(t *onnxpb.TensorProto) error {
	n, ok := elements(Elem(t.GetDataType()), t.GetDims())
	if !ok {
		return &FormatError{fmt.Sprintf("tensor %q has the impossible shape %v", t.GetName(), t.GetDims())}
	}
	if t.Segment != nil {
		return &FormatError{fmt.Sprintf("tensor %q is stored in segments, which no runtime reads", t.GetName())}
	}
	if Elem(t.GetDataType()) == String {
		if int64(len(t.GetStringData())) != n {
			return &FormatError{fmt.Sprintf("tensor %q holds %d strings for shape %v", t.GetName(), len(t.GetStringData()), t.GetDims())}
		}
		return nil
	}
	if t.GetDataLocation() == onnxpb.TensorProto_EXTERNAL {
		return nil
	}
	if _, err := (&Tensor{pb: t}).Bytes(); err != nil {
		return &FormatError{err.Error()}
	}
	return nil
}
