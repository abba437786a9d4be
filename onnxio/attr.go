package onnxio

import (
	"fmt"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Attr is one named attribute of a node.
type Attr struct {
	pb  *onnxpb.AttributeProto
	err error // why it cannot be given to a node
}

func attr(name string, t onnxpb.AttributeProto_AttributeType) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: &name, Type: t.Enum()}
}

// Int returns an integer attribute.
func Int(name string, v int64) Attr {
	a := attr(name, onnxpb.AttributeProto_INT)
	a.I = &v
	return Attr{pb: a}
}

// Ints returns a list-of-integers attribute.
func Ints(name string, v ...int64) Attr {
	a := attr(name, onnxpb.AttributeProto_INTS)
	a.Ints = append([]int64(nil), v...)
	return Attr{pb: a}
}

// Float returns a float attribute.
func Float(name string, v float32) Attr {
	a := attr(name, onnxpb.AttributeProto_FLOAT)
	a.F = &v
	return Attr{pb: a}
}

// Floats returns a list-of-floats attribute.
func Floats(name string, v ...float32) Attr {
	a := attr(name, onnxpb.AttributeProto_FLOATS)
	a.Floats = append([]float32(nil), v...)
	return Attr{pb: a}
}

// Str returns a string attribute.
func Str(name, v string) Attr {
	a := attr(name, onnxpb.AttributeProto_STRING)
	a.S = []byte(v)
	return Attr{pb: a}
}

// Strs returns a list-of-strings attribute.
func Strs(name string, v ...string) Attr {
	a := attr(name, onnxpb.AttributeProto_STRINGS)
	for _, s := range v {
		a.Strings = append(a.Strings, []byte(s))
	}
	return Attr{pb: a}
}

// TensorValue returns a tensor attribute, as a Constant node has. The elements
// of an external tensor are read; where that fails, so does the patch that uses
// the attribute.
func TensorValue(name string, t *Tensor) Attr {
	a := attr(name, onnxpb.AttributeProto_TENSOR)
	var err error
	a.T, err = inlineTensor(t)
	return Attr{pb: a, err: err}
}

// Name returns the attribute's name.
func (a Attr) Name() string { return a.pb.GetName() }

func (a Attr) String() string {
	p := a.pb
	name := p.GetName() + "="
	switch p.GetType() {
	case onnxpb.AttributeProto_INT:
		return name + fmt.Sprint(p.GetI())
	case onnxpb.AttributeProto_INTS:
		return name + strings.ReplaceAll(fmt.Sprint(p.GetInts()), " ", ",")
	case onnxpb.AttributeProto_FLOAT:
		return name + fmt.Sprint(p.GetF())
	case onnxpb.AttributeProto_FLOATS:
		return name + strings.ReplaceAll(fmt.Sprint(p.GetFloats()), " ", ",")
	case onnxpb.AttributeProto_STRING:
		return name + fmt.Sprintf("%q", p.GetS())
	case onnxpb.AttributeProto_STRINGS:
		quoted := make([]string, len(p.GetStrings()))
		for i, s := range p.GetStrings() {
			quoted[i] = fmt.Sprintf("%q", s)
		}
		return name + "[" + strings.Join(quoted, ",") + "]"
	case onnxpb.AttributeProto_TENSOR:
		t := &Tensor{pb: p.GetT()}
		return name + t.Type().String() + "#" + digest(t)
	}
	return name + strings.ToLower(p.GetType().String())
}
