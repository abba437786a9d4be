package onnxio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
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
	p, err := m.encode()
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(make([]byte, 0, p.size()))
	if err := p.writeTo(b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// encode returns the model's message with every tensor inside. The bytes of
// large ones are read as it is written.
func (m *Model) encode() (pieces, error) {
	var large []*Tensor
	rest, err := m.marshal(func(t *Tensor) (*onnxpb.TensorProto, error) {
		if t.Elem() == String || t.src == nil && len(t.pb.GetRawData()) < leastView {
			large = append(large, nil)
			return t.pb, nil
		}
		large = append(large, t)
		return bareTensor(t.pb), nil
	})
	if err != nil {
		return nil, err
	}
	p := attach(rest, large)
	if p.size() > math.MaxInt32 {
		return nil, ErrTooLarge
	}
	return p, nil
}

// marshal encodes the model with the messages that tensor gives for its
// initializers.
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
	for _, name := range g.names {
		t, err := tensor(g.inits[name])
		if err != nil {
			return nil, err
		}
		gp.Initializer = append(gp.Initializer, t)
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

// inputs returns the graph inputs as the file lists them: up to IR version 3
// every initializer must be among them.
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

// Write is Save through another way of writing files: it calls create with
// the path of each file to write and a function that writes it. It returns how
// many bytes those are together.
func (m *Model) Write(path string, o SaveOptions, create func(path string, write func(io.Writer) error) error) (int64, error) {
	if slices.Contains(m.DataFiles(), filepath.Clean(path)) {
		return 0, fmt.Errorf("the model reads its weights from %s; choose another name", path)
	}
	if o.External {
		return m.writeExternal(path, o.ExternalMin, create)
	}
	p, err := m.encode()
	if err != nil {
		return 0, err
	}
	return p.size(), create(path, p.writeTo)
}

func (m *Model) writeExternal(path string, least int64, create func(string, func(io.Writer) error) error) (int64, error) {
	if least == 0 {
		least = 1024
	}
	data := path + ".data"
	if err := m.mayReplace(data, path); err != nil {
		return 0, err
	}
	x := &externalWriter{location: filepath.Base(data), min: least}
	var b []byte
	err := create(data, func(w io.Writer) (err error) {
		x.w = w
		b, err = m.marshal(x.put)
		return err
	})
	if err != nil {
		return 0, err
	}
	return x.at + int64(len(b)), create(path, pieces{{b: b}}.writeTo)
}

// mayReplace is an error where a data file exists that may be another model's: it
// is to be the one that the model at path reads, and m, where it reads from
// there, is to be that model.
func (m *Model) mayReplace(data, path string) error {
	info, err := os.Stat(data)
	if err != nil {
		return nil
	}
	if !slices.Contains(m.DataFiles(), filepath.Clean(data)) || !sameFile(m.path, path) {
		old, err := Load(path)
		if err != nil || !slices.ContainsFunc(old.DataFiles(), func(f string) bool { return sameFile(f, data) }) ||
			slices.ContainsFunc(m.DataFiles(), func(f string) bool { return sameFile(f, data) }) {
			return fmt.Errorf("%s holds weights that another model may read; choose another name, or remove it", info.Name())
		}
	}
	return nil
}

func sameFile(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}

func (m *Model) save(path string, o SaveOptions) error {
	var files atomicfile.Group
	defer files.Discard()
	write := func(path string, write func(io.Writer) error) error { return files.Write(path, 0o644, write) }
	if _, err := m.Write(path, o, write); err != nil {
		return err
	}
	return files.Commit()
}
