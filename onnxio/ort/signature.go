package ort

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/prunefuse/prunefuse/onnxio"
)

// IO describes an input or output of a model.
type IO struct {
	Name  string
	Elem  onnxio.Elem  // Undefined for what is no tensor
	Shape onnxio.Shape // as the model declares it; nil for an unknown rank
}

func (io IO) String() string { return io.Name + " " + io.Elem.String() + io.Shape.String() }

// Field numbers of onnx.proto that a signature needs.
const (
	modelGraph             = 7
	modelOpset             = 8
	opsetDomain            = 1
	graphInitializer       = 5
	graphInput             = 11
	graphOutput            = 12
	graphSparseInitializer = 15
	tensorName             = 8
	sparseValues           = 1
	valueName              = 1
	valueType              = 2
	typeTensor             = 1
	tensorTypeElem         = 1
	tensorTypeShape        = 2
	shapeDim               = 1
	dimValue               = 1
	dimParam               = 2
)

// signature reads the inputs and outputs of a serialized model without
// decoding its weights, and in the order the model lists them. An input that
// has an initializer is not counted: the runtime does not ask for it.
func signature(model []byte) (ins, outs []IO, err error) {
	weights := map[string]bool{}
	graphs := 0
	err = eachField(model, func(n protowire.Number, graph []byte, _ uint64) error {
		if n != modelGraph {
			return nil
		}
		graphs++
		return eachField(graph, func(n protowire.Number, b []byte, _ uint64) error {
			switch n {
			case graphInput, graphOutput:
				v, err := valueInfo(b)
				if n == graphInput {
					ins = append(ins, v)
				} else {
					outs = append(outs, v)
				}
				return err
			case graphInitializer:
				name, err := stringField(b, tensorName)
				weights[name] = true
				return err
			case graphSparseInitializer:
				values, err := stringField(b, sparseValues)
				if err != nil {
					return err
				}
				name, err := stringField([]byte(values), tensorName)
				weights[name] = true
				return err
			}
			return nil
		})
	})
	if err == nil && graphs == 0 {
		err = errors.New("it has no graph")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("not an ONNX model: %w", err)
	}
	asked := ins[:0]
	for _, v := range ins {
		if !weights[v.Name] {
			asked = append(asked, v)
		}
	}
	return asked, outs, nil
}

// imports reports whether a serialized model declares operators of a domain.
func imports(model []byte, domain string) bool {
	found := false
	_ = eachField(model, func(n protowire.Number, b []byte, _ uint64) error { // signature has said what is wrong with it
		if n == modelOpset {
			name, err := stringField(b, opsetDomain)
			found = found || name == domain
			return err
		}
		return nil
	})
	return found
}

func valueInfo(b []byte) (v IO, err error) {
	err = eachField(b, func(n protowire.Number, b []byte, _ uint64) error {
		switch n {
		case valueName:
			v.Name = string(b)
		case valueType:
			return eachField(b, func(n protowire.Number, b []byte, _ uint64) error {
				if n != typeTensor {
					return nil
				}
				return v.tensorType(b)
			})
		}
		return nil
	})
	return v, err
}

func (io *IO) tensorType(b []byte) error {
	return eachField(b, func(n protowire.Number, b []byte, u uint64) error {
		switch n {
		case tensorTypeElem:
			io.Elem = onnxio.Elem(int32(u))
		case tensorTypeShape:
			io.Shape = onnxio.Shape{}
			return eachField(b, func(n protowire.Number, b []byte, _ uint64) error {
				if n != shapeDim {
					return nil
				}
				d, err := dimension(b, len(io.Shape))
				io.Shape = append(io.Shape, d)
				return err
			})
		}
		return nil
	})
}

// dimension reads one extent. One that the model leaves open gets a name from
// its axis, as no two such extents are known to be equal.
func dimension(b []byte, axis int) (d onnxio.Dim, err error) {
	d = onnxio.Symbol(fmt.Sprintf("?%d", axis))
	err = eachField(b, func(n protowire.Number, b []byte, u uint64) error {
		switch {
		case n == dimValue && int64(u) >= 0:
			d = onnxio.Known(int64(u))
		case n == dimParam && len(b) > 0:
			d = onnxio.Symbol(string(b))
		}
		return nil
	})
	return d, err
}

func stringField(b []byte, field protowire.Number) (s string, err error) {
	err = eachField(b, func(n protowire.Number, b []byte, _ uint64) error {
		if n == field {
			s = string(b)
		}
		return nil
	})
	return s, err
}

// eachField calls f for each field of a serialized message: b is the content
// of a length-delimited field, u of a varint.
func eachField(msg []byte, f func(n protowire.Number, b []byte, u uint64) error) error {
	for len(msg) > 0 {
		num, typ, k := protowire.ConsumeTag(msg)
		if k < 0 {
			return protowire.ParseError(k)
		}
		msg = msg[k:]
		var b []byte
		var u uint64
		switch typ {
		case protowire.BytesType:
			b, k = protowire.ConsumeBytes(msg)
		case protowire.VarintType:
			u, k = protowire.ConsumeVarint(msg)
		default:
			k = protowire.ConsumeFieldValue(num, typ, msg)
		}
		if k < 0 {
			return protowire.ParseError(k)
		}
		if err := f(num, b, u); err != nil {
			return err
		}
		msg = msg[k:]
	}
	return nil
}
