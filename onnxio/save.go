package onnxio

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// ErrTooLarge says that a model does not fit into one file, which protobuf
// caps at 2 GiB.
var ErrTooLarge = errors.New("the model exceeds 2 GiB, the most one ONNX file holds; save it with external data")

// SaveOptions say how a model file is written. The zero value puts every
// tensor inside it.
type SaveOptions struct {
	// External moves tensors into a second file beside the model, named
	// after it with ".data" appended.
	External bool
	// ExternalMin is the least size in bytes of a tensor that moves; 0 means
	// 1,024.
	ExternalMin int64
}

// Marshal encodes the model, with every tensor inside. The same model always
// gives the same bytes.
func (m *Model) Marshal() ([]byte, error) {
	return m.marshal(inlineTensor)
}

func (m *Model) marshal(tensor func(*Tensor) (*onnxpb.TensorProto, error)) ([]byte, error) {
	g := m.Graph
	gp := proto.Clone(g.pb).(*onnxpb.GraphProto)
	gp.Input, gp.Output = m.inputs(), g.outputs
	for _, n := range g.nodes {
		gp.Node = append(gp.Node, n.pb)
	}
	for _, name := range g.typeNames {
		gp.ValueInfo = append(gp.ValueInfo, g.types[name])
	}
	size := 0
	for _, name := range g.names {
		t, err := tensor(g.inits[name])
		if err != nil {
			return nil, err
		}
		gp.Initializer = append(gp.Initializer, t)
		if size += len(t.GetRawData()); size > math.MaxInt32 {
			return nil, ErrTooLarge
		}
	}
	mp := proto.Clone(m.pb).(*onnxpb.ModelProto)
	mp.Graph = gp
	if proto.Size(mp) > math.MaxInt32 {
		return nil, ErrTooLarge
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(mp)
	if err != nil {
		return nil, fmt.Errorf("encode model: %w", err)
	}
	return b, nil
}

// inputs are the graph inputs as the file lists them: up to IR version 3 every
// initializer must be among them.
func (m *Model) inputs() []*onnxpb.ValueInfoProto {
	g := m.Graph
	if m.IRVersion() > 3 {
		return g.inputs
	}
	listed := make(map[string]bool, len(g.inputs))
	for _, v := range g.inputs {
		listed[v.GetName()] = true
	}
	all := slices.Clone(g.inputs)
	for _, name := range g.names {
		if !listed[name] {
			all = append(all, &onnxpb.ValueInfoProto{Name: &name, Type: protoType(g.inits[name].Type())})
		}
	}
	return all
}

// Save writes the model to a file, whole or not at all: it is written under
// a temporary name and renamed, with its data file where it has one. Existing
// files are replaced. Saving over the data file that m itself was loaded from
// is safe, but leaves the tensors of m unreadable: load the new file.
func (m *Model) Save(path string, o SaveOptions) error {
	if err := m.save(path, o); err != nil {
		return fmt.Errorf("save %s: %w", path, pathless(err))
	}
	return nil
}

func (m *Model) save(path string, o SaveOptions) error {
	if !o.External {
		b, err := m.Marshal()
		if err != nil {
			return err
		}
		return atomicfile.WriteBytes(path, 0o644, b)
	}
	var files atomicfile.Group
	defer files.Discard()
	var b []byte
	data := path + ".data"
	err := files.Write(data, 0o644, func(w io.Writer) error {
		x := &externalWriter{w: w, location: filepath.Base(data), min: o.ExternalMin}
		if x.min == 0 {
			x.min = 1024
		}
		var err error
		b, err = m.marshal(x.put)
		return err
	})
	if err != nil {
		return err
	}
	err = files.Write(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return err
	}
	return files.Commit()
}
