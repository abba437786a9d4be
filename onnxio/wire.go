package onnxio

import (
	"io"

	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields on the way from a ModelProto to the bytes of a
// weight.
const (
	fieldGraph       protowire.Number = 7 // ModelProto.graph
	fieldInitializer protowire.Number = 5 // GraphProto.initializer
	fieldRawData     protowire.Number = 9 // TensorProto.raw_data
)

// leastView is the size from which a weight's bytes are not copied out of the
// file's: below it a view costs more than it saves.
const leastView = 4096

// detach takes the bytes of large initializers out of an encoded model, so
// that decoding does not copy them. Rest is the model without them, and views
// gives for every initializer, in order, its bytes in b or nil. Bytes that are
// not such a message come back as they are.
func detach(b []byte) (rest []byte, views [][]byte) {
	rest, ok := each(b, fieldGraph, func(graph []byte) []byte {
		graph, _ = each(graph, fieldInitializer, func(tensor []byte) []byte {
			var view []byte
			tensor, _ = each(tensor, fieldRawData, func(raw []byte) []byte {
				if view = nil; len(raw) < leastView {
					return raw
				}
				view = raw // of a field given twice the last one counts
				return nil
			})
			views = append(views, view)
			return tensor
		})
		return graph
	})
	if !ok {
		return b, nil
	}
	return rest, views
}

// each passes every length-delimited field of a number through f and gives
// the message with what f returns in its place; a field for which that is nil
// is left out. Ok is false where the bytes are no message: they come back
// unchanged.
func each(b []byte, field protowire.Number, f func([]byte) []byte) (out []byte, ok bool) {
	copied := 0 // how much of b is in out
	for at := 0; at < len(b); {
		num, kind, n := protowire.ConsumeTag(b[at:])
		if n < 0 {
			return b, false
		}
		size := protowire.ConsumeFieldValue(num, kind, b[at+n:])
		if size < 0 {
			return b, false
		}
		end := at + n + size
		if num == field && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(b[at+n:])
			out = append(out, b[copied:at]...)
			if with := f(value); with != nil {
				out = protowire.AppendTag(out, num, kind)
				out = protowire.AppendBytes(out, with)
			}
			copied = end
		}
		at = end
	}
	return append(out, b[copied:]...), true
}

// pieces are an encoded message, in parts that lie in memory and tensors whose
// bytes stand between them.
type pieces []piece

type piece struct {
	b []byte
	t *Tensor // where it is not nil, its bytes in the place of b
}

func (p pieces) size() (n int64) {
	for _, x := range p {
		n += int64(len(x.b))
		if x.t != nil {
			n += x.t.Elem().packedBytes(x.t.Len())
		}
	}
	return n
}

func (p pieces) writeTo(w io.Writer) error {
	for _, x := range p {
		if x.t != nil {
			if err := x.t.writeTo(w); err != nil {
				return err
			}
		} else if _, err := w.Write(x.b); err != nil {
			return err
		}
	}
	return nil
}

// attach undoes detach: it puts the bytes of tensors, those that are not nil,
// into the initializers of an encoded model.
func attach(rest []byte, tensors []*Tensor) pieces {
	return withFields(rest, fieldGraph, func(graph []byte) pieces {
		return withFields(graph, fieldInitializer, func(tensor []byte) pieces {
			out, t := pieces{{b: tensor}}, tensors[0]
			tensors = tensors[1:]
			if t == nil {
				return out
			}
			raw := pieces{{t: t}}
			return append(out, raw.field(fieldRawData)...)
		})
	})
}

// withFields returns a message with the length-delimited fields of a number
// replaced by what f makes of them. The message must be a valid one.
func withFields(b []byte, field protowire.Number, f func([]byte) pieces) (out pieces) {
	copied := 0
	for at := 0; at < len(b); {
		num, kind, n := protowire.ConsumeTag(b[at:])
		end := at + n + protowire.ConsumeFieldValue(num, kind, b[at+n:])
		if num == field {
			value, _ := protowire.ConsumeBytes(b[at+n:])
			out = append(out, piece{b: b[copied:at]})
			out = append(out, f(value).field(num)...)
			copied = end
		}
		at = end
	}
	return append(out, piece{b: b[copied:]})
}

// field returns a length-delimited field of that number that holds p.
func (p pieces) field(num protowire.Number) pieces {
	head := protowire.AppendTag(nil, num, protowire.BytesType)
	head = protowire.AppendVarint(head, uint64(p.size()))
	return append(pieces{{b: head}}, p...)
}
