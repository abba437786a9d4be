package onnxio

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Fingerprint is a SHA-256, in hexadecimal, of what the model computes: two
// files of the same graph and weights have the same one, however they are
// stored.
//
// Hashed are, each string and byte field preceded by its length as 8 bytes
// little-endian, and each list by its count: the operator sets sorted by
// domain; the fed inputs and the outputs in order, as "name type"; the
// initializers sorted by name, each as name, "type", raw little-endian bytes;
// the nodes sorted by first output, each as domain, operator, inputs,
// outputs, and attributes sorted by name in deterministic protobuf form with
// tensors as raw bytes. Names of nodes, doc strings, value_info, metadata and
// the producer are not part of it.
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
	slices.SortFunc(nodes, func(a, b *Node) int { return strings.Compare(a.Output(0), b.Output(0)) })
	h.count(len(nodes))
	for _, n := range nodes {
		if err := h.node(n); err != nil {
			return "", err
		}
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
	raw, err := t.Bytes()
	if err != nil {
		return err
	}
	h.count(len(raw))
	h.Write(raw)
	return nil
}

func (h hasher) node(n *Node) error {
	h.text(n.Domain())
	h.text(n.Op())
	h.texts(n.Inputs())
	h.texts(n.Outputs())
	attrs := slices.Clone(n.pb.GetAttribute())
	slices.SortFunc(attrs, func(a, b *onnxpb.AttributeProto) int { return strings.Compare(a.GetName(), b.GetName()) })
	h.count(len(attrs))
	for _, a := range attrs {
		b, err := Attr{a}.canonical()
		if err != nil {
			return fmt.Errorf("%v: attribute %q: %w", n, a.GetName(), err)
		}
		h.count(len(b))
		h.Write(b)
	}
	return nil
}

// digest is the first 8 hexadecimal digits of the SHA-256 of a tensor's
// elements, for the text form; "?" where they cannot be read.
func digest(t *Tensor) string {
	h := hasher{sha256.New()}
	if h.tensor(t) != nil {
		return "?"
	}
	return hex.EncodeToString(h.Sum(nil))[:8]
}
