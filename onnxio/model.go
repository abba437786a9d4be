package onnxio

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Model is an ONNX model: a graph with the operator sets it is written in
// and the facts that travel with the file.
type Model struct {
	Graph *Graph
	pb    *onnxpb.ModelProto // without its graph
	path  string             // the file that it was loaded from; "" is none
}

// The versions of a model made from nothing: conservative ones, which every
// runtime since 2022 reads.
const (
	NewIRVersion = 8
	NewOpset     = 17
)

// New makes a model with an empty graph.
func New(name string) *Model {
	m := &Model{
		Graph: &Graph{pb: &onnxpb.GraphProto{Name: &name}, inits: map[string]*Tensor{}, types: map[string]*onnxpb.ValueInfoProto{}},
		pb:    &onnxpb.ModelProto{IrVersion: proto.Int64(NewIRVersion)},
	}
	m.Graph.index()
	m.SetOpset("", NewOpset)
	m.SetProducer("prunefuse", "")
	return m
}

// IRVersion returns the version of the file format the model states.
func (m *Model) IRVersion() int64 { return m.pb.GetIrVersion() }

// Opset returns the version of an operator set ("" is the standard one), 0 when
// the model does not import it.
func (m *Model) Opset(dom string) int64 {
	for _, o := range m.pb.GetOpsetImport() {
		if domain(o.GetDomain()) == dom {
			return o.GetVersion()
		}
	}
	return 0
}

// SetOpset imports an operator set at a version.
func (m *Model) SetOpset(dom string, version int64) {
	for _, o := range m.pb.OpsetImport {
		if domain(o.GetDomain()) == dom {
			o.Version = &version
			return
		}
	}
	m.pb.OpsetImport = append(m.pb.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: &dom, Version: &version})
}

// Producer returns the name and version of the program that wrote the file.
func (m *Model) Producer() (name, version string) {
	return m.pb.GetProducerName(), m.pb.GetProducerVersion()
}

// SetProducer states the program that writes the file.
func (m *Model) SetProducer(name, version string) {
	m.pb.ProducerName = &name
	m.pb.ProducerVersion = nil
	if version != "" {
		m.pb.ProducerVersion = &version
	}
}

// Meta returns the metadata property of that key; ok is false when it is
// absent.
func (m *Model) Meta(key string) (value string, ok bool) {
	for _, kv := range m.pb.GetMetadataProps() {
		if kv.GetKey() == key {
			return kv.GetValue(), true
		}
	}
	return "", false
}

// MetaKeys returns the keys of the metadata properties, in file order.
func (m *Model) MetaKeys() []string {
	var keys []string
	for _, kv := range m.pb.GetMetadataProps() {
		keys = append(keys, kv.GetKey())
	}
	return keys
}

// SetMeta adds or replaces a metadata property.
func (m *Model) SetMeta(key, value string) {
	for _, kv := range m.pb.MetadataProps {
		if kv.GetKey() == key {
			kv.Value = &value
			return
		}
	}
	m.pb.MetadataProps = append(m.pb.MetadataProps, &onnxpb.StringStringEntryProto{Key: &key, Value: &value})
}

// DropMeta removes a metadata property where it is present.
func (m *Model) DropMeta(key string) {
	m.pb.MetadataProps = slices.DeleteFunc(m.pb.MetadataProps, func(kv *onnxpb.StringStringEntryProto) bool {
		return kv.GetKey() == key
	})
}

// Clone returns a model that can be edited without touching m. Tensors and
// unchanged nodes are shared, as both are immutable.
func (m *Model) Clone() *Model {
	c := &Model{Graph: &Graph{}, pb: proto.Clone(m.pb).(*onnxpb.ModelProto), path: m.path}
	*c.Graph = *m.Graph // a patch replaces every field and changes none in place
	return c
}
