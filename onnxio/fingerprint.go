package onnxio

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Fingerprint returns a SHA-256, in hexadecimal, of what the model computes:
// two files of the same graph and weights have the same one, however they are
// stored.
//
// Hashed are, each string and byte field preceded by its length as 8 bytes
// little-endian, and each list by its count: the operator sets sorted by
// domain; the fed inputs and the outputs in order, as "name type"; the
// initializers sorted by name, each as name, "type", raw little-endian bytes;
// the nodes sorted by outputs, and then the model's own functions sorted by
// domain, name and overload, each in deterministic protobuf form with
// attributes sorted by name and tensors as raw bytes. Names of nodes, doc
// strings, value_info, metadata and the producer are not part of it, in
// subgraphs and functions either.
func (m *Model) Fingerprint() (string, error) {
	h := hasher{sha256.New()}
	h.text("prunefuse.fingerprint/1")
	var sets []string
	for _, o := range m.pb.GetOpsetImport() {
		sets = append(sets, fmt.Sprintf("%s %d", domain(o.GetDomain()), o.GetVersion()))
	}
	slices.Sort(sets)
	h.texts(sets)
	for _, list := range [][]Value{m.Graph.Inputs(), m.Graph.Outputs()} {
		h.count(len(list))
		for _, v := range list {
			h.text(v.Name + " " + v.Type.String())
		}
	}
	names := slices.Sorted(slices.Values(m.Graph.names))
	h.count(len(names))
	for _, name := range names {
		t := m.Graph.inits[name]
		h.text(name)
		h.text(t.Type().String())
		if err := h.tensor(t); err != nil {
			return "", err
		}
	}
	nodes := slices.Clone(m.Graph.nodes)
	slices.SortStableFunc(nodes, func(a, b *Node) int { return slices.Compare(a.Outputs(), b.Outputs()) })
	h.count(len(nodes))
	for _, n := range nodes {
		c, err := canonicalNode(n.pb)
		if err != nil {
			return "", err
		}
		h.message(c)
	}
	functions := slices.Clone(m.pb.GetFunctions())
	slices.SortStableFunc(functions, func(a, b *onnxpb.FunctionProto) int {
		return cmp.Or(strings.Compare(a.GetDomain(), b.GetDomain()), strings.Compare(a.GetName(), b.GetName()),
			strings.Compare(a.GetOverload(), b.GetOverload()))
	})
	h.count(len(functions))
	for _, f := range functions {
		c, err := canonicalFunction(f)
		if err != nil {
			return "", fmt.Errorf("function %q: %w", f.GetName(), err)
		}
		h.message(c)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

type hasher struct{ hash.Hash }

func (h hasher) count(n int) {
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(n)))
}

func (h hasher) text(s string) {
	h.count(len(s))
	h.Write([]byte(s))
}

func (h hasher) texts(list []string) {
	h.count(len(list))
	for _, s := range list {
		h.text(s)
	}
}

func (h hasher) tensor(t *Tensor) error {
	if t.Elem() == String {
		h.count(len(t.pb.GetStringData()))
		for _, s := range t.pb.GetStringData() {
			h.text(string(s))
		}
		return nil
	}
	h.count(int(t.Elem().packedBytes(t.Len())))
	return t.stream(func(raw []byte) error {
		h.Write(raw)
		return nil
	})
}

func (h hasher) message(m proto.Message) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		panic("BUG: " + err.Error()) // a message without required fields always encodes
	}
	h.count(len(b))
	h.Write(b)
}

// digest returns the first 8 hexadecimal digits of the SHA-256 of a tensor's
// elements, for the text form; "?" where they cannot be read.
func digest(t *Tensor) string {
	h := hasher{sha256.New()}
	if h.tensor(t) != nil {
		return "?"
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
}
