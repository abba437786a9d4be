package onnxio

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// The functions here rewrite messages into a form that depends on what they
// compute alone: without doc strings, metadata, stated types of inner values
// and names of nodes, and with every tensor as raw bytes. They share what they
// do not change with their arguments.

func canonicalNode(n *onnxpb.NodeProto) (*onnxpb.NodeProto, error) {
	c := shallowNode(n)
	c.Name, c.DocString, c.MetadataProps = nil, nil, nil
	c.Domain = nil
	if d := domain(n.GetDomain()); d != "" {
		c.Domain = &d
	}
	slices.SortStableFunc(c.Attribute, func(a, b *onnxpb.AttributeProto) int { return cmp.Compare(a.GetName(), b.GetName()) })
	for i, a := range c.Attribute {
		var err error
		if c.Attribute[i], err = canonicalAttr(a); err != nil {
			return nil, fmt.Errorf("%v: attribute %q: %w", &Node{n}, a.GetName(), err)
		}
	}
	return c, nil
}

func canonicalAttr(a *onnxpb.AttributeProto) (*onnxpb.AttributeProto, error) {
	c := &onnxpb.AttributeProto{
		Name: a.Name, F: a.F, I: a.I, S: a.S, Floats: a.Floats, Ints: a.Ints, Strings: a.Strings, Tp: a.Tp,
		TypeProtos: a.TypeProtos, Type: a.Type, RefAttrName: a.RefAttrName, SparseTensor: a.SparseTensor,
		SparseTensors: a.SparseTensors,
	}
	c.ProtoReflect().SetUnknown(a.ProtoReflect().GetUnknown())
	var err error
	if a.T != nil {
		if c.T, err = canonicalTensor(a.T); err != nil {
			return nil, err
		}
		c.T.Name = nil
	}
	if a.G != nil {
		if c.G, err = canonicalGraph(a.G); err != nil {
			return nil, err
		}
	}
	if c.Tensors, err = eachCanonical(a.Tensors, canonicalTensor); err != nil {
		return nil, err
	}
	c.Graphs, err = eachCanonical(a.Graphs, canonicalGraph)
	return c, err
}

func canonicalTensor(t *onnxpb.TensorProto) (*onnxpb.TensorProto, error) {
	c := bareTensor(t)
	c.DocString, c.MetadataProps = nil, nil
	if Elem(t.GetDataType()) == String {
		return c, nil
	}
	var err error
	c.RawData, err = (&Tensor{pb: t}).Bytes()
	return c, err
}

func canonicalGraph(g *onnxpb.GraphProto) (*onnxpb.GraphProto, error) {
	c := &onnxpb.GraphProto{QuantizationAnnotation: g.QuantizationAnnotation, SparseInitializer: g.SparseInitializer}
	c.ProtoReflect().SetUnknown(g.ProtoReflect().GetUnknown())
	for _, v := range g.Input {
		c.Input = append(c.Input, &onnxpb.ValueInfoProto{Name: v.Name, Type: v.Type})
	}
	for _, v := range g.Output {
		c.Output = append(c.Output, &onnxpb.ValueInfoProto{Name: v.Name, Type: v.Type})
	}
	var err error
	if c.Initializer, err = eachCanonical(g.Initializer, canonicalTensor); err != nil {
		return nil, err
	}
	c.Node, err = eachCanonical(g.Node, canonicalNode)
	return c, err
}

func canonicalFunction(f *onnxpb.FunctionProto) (*onnxpb.FunctionProto, error) {
	c := &onnxpb.FunctionProto{
		Name: f.Name, Input: f.Input, Output: f.Output, Attribute: f.Attribute, OpsetImport: f.OpsetImport,
		Domain: f.Domain, Overload: f.Overload,
	}
	c.ProtoReflect().SetUnknown(f.ProtoReflect().GetUnknown())
	var err error
	if c.AttributeProto, err = eachCanonical(f.AttributeProto, canonicalAttr); err != nil {
		return nil, err
	}
	c.Node, err = eachCanonical(f.Node, canonicalNode)
	return c, err
}

func eachCanonical[T any](list []T, canonical func(T) (T, error)) ([]T, error) {
	var out []T
	for _, x := range list {
		c, err := canonical(x)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}
