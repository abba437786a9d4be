package onnxio

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// Tensor is a constant array: an initializer, or the value of a Constant
// node. It is immutable; a changed tensor is a new one, put in place by a
// Patch. Its elements may lie in raw bytes, in typed fields or in an
// external file, which the accessors hide.
type Tensor struct {
	pb  *onnxpb.TensorProto
	src source // of the bytes; nil where pb holds them
}

// Number is a Go type that has an ONNX element type.
type Number interface {
	float32 | float64 | int64 | int32 | int16 | int8 | uint64 | uint32 | uint16 | uint8 | bool
}

// NewTensor makes a tensor that owns a copy of data. It panics when the
// shape does not hold len(data) elements, which is a mistake in the program.
func NewTensor[T Number](name string, shape []int64, data []T) *Tensor {
	if n, ok := elements(elemOf[T](), shape); !ok || n != int64(len(data)) {
		panic(fmt.Sprintf("BUG: tensor %q of shape %v given %d elements", name, shape, len(data)))
	}
	raw := make([]byte, 0, binary.Size(data))
	raw, err := binary.Append(raw, binary.LittleEndian, data)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return RawTensor(name, elemOf[T](), shape, raw)
}

// RawTensor makes a tensor of any element type around little-endian bytes,
// which it keeps. The caller no longer changes raw.
func RawTensor(name string, elem Elem, shape []int64, raw []byte) *Tensor {
	if n, ok := elements(elem, shape); !ok || elem.packedBytes(n) != int64(len(raw)) {
		panic(fmt.Sprintf("BUG: tensor %q %s%v given %d bytes", name, elem, shape, len(raw)))
	}
	return &Tensor{pb: &onnxpb.TensorProto{
		Name: &name, DataType: elem.proto(), Dims: slices.Clone(shape), RawData: raw,
	}}
}

// Filled makes a tensor whose elements all equal the one of value. It takes
// no memory for them until they are asked for.
func Filled(name string, shape []int64, value *Tensor) (*Tensor, error) {
	raw, err := value.Bytes()
	if err != nil {
		return nil, err
	}
	n, ok := elements(value.Elem(), shape)
	if !ok || value.Len() != 1 || value.Elem().Bits()%8 != 0 {
		return nil, fmt.Errorf("fill tensor %q of %d elements with %s%v", name, n, value.Elem(), value.pb.GetDims())
	}
	return &Tensor{pb: &onnxpb.TensorProto{Name: &name, DataType: value.Elem().proto(), Dims: slices.Clone(shape)}, src: filled(raw)}, nil
}

// Scalar makes a tensor of rank 0.
func Scalar[T Number](name string, v T) *Tensor { return NewTensor(name, nil, []T{v}) }

func elemOf[T Number]() Elem {
	var z T
	switch any(z).(type) {
	case float32:
		return Float32
	case float64:
		return Float64
	case int64:
		return Int64
	case int32:
		return Int32
	case int16:
		return Int16
	case int8:
		return Int8
	case uint64:
		return Uint64
	case uint32:
		return Uint32
	case uint16:
		return Uint16
	case uint8:
		return Uint8
	}
	return Bool
}

// Name returns the tensor's name; empty inside an attribute.
func (t *Tensor) Name() string { return t.pb.GetName() }

// Elem returns the element type.
func (t *Tensor) Elem() Elem { return Elem(t.pb.GetDataType()) }

// Dims returns the extents, outermost first; empty for a scalar.
func (t *Tensor) Dims() []int64 { return slices.Clone(t.pb.GetDims()) }

// Rank returns the number of axes.
func (t *Tensor) Rank() int { return len(t.pb.GetDims()) }

// IsVector reports whether no more than one axis has several positions, as in
// [64], or the [64,1,1] that broadcasts over images.
func (t *Tensor) IsVector() bool {
	long := 0
	for _, n := range t.pb.GetDims() {
		if n > 1 {
			long++
		}
	}
	return long < 2
}

// Dim returns the extent of one axis.
func (t *Tensor) Dim(axis int) int64 { return t.pb.GetDims()[axis] }

// Shape returns the extents as a Shape.
func (t *Tensor) Shape() Shape { return ShapeOf(t.pb.GetDims()...) }

// Type returns the element type and shape.
func (t *Tensor) Type() Type { return Type{Elem: t.Elem(), Shape: t.Shape()} }

// Len returns the number of elements.
func (t *Tensor) Len() int64 { return product(t.pb.GetDims()) }

// Renamed returns the same data under another name.
func (t *Tensor) Renamed(name string) *Tensor {
	c := &Tensor{pb: shallowTensor(t.pb), src: t.src}
	c.pb.Name = proto.String(name)
	return c
}

// noted gives t the doc string and the metadata of another tensor where it has
// none of its own. Nobody else may have seen t.
func (t *Tensor) noted(of *Tensor) *Tensor {
	if t.pb.DocString == nil && len(t.pb.MetadataProps) == 0 {
		t.pb.DocString, t.pb.MetadataProps = of.pb.DocString, of.pb.MetadataProps
	}
	return t
}

// Bytes returns the elements as little-endian bytes, packed as raw_data
// packs them. The caller must not change them. A tensor of strings, or one
// whose external file is missing, short or outside the model's folder, is an
// error that names it.
func (t *Tensor) Bytes() ([]byte, error) {
	w, err := t.window()
	if err != nil {
		return nil, err
	}
	defer w.close()
	b, err := w.at(0, w.size)
	if err != nil {
		return nil, fmt.Errorf("read tensor %q: %w", t.Name(), err)
	}
	return b, nil
}

// rawSize is how many bytes Bytes returns.
func (t *Tensor) rawSize() (int64, error) {
	size := t.Elem().packedBytes(t.Len())
	if size < 0 {
		return 0, fmt.Errorf("element type %s has no raw form", t.Elem())
	}
	return size, nil
}

// held returns the bytes of a tensor without a source.
func (t *Tensor) held() ([]byte, error) {
	want, err := t.rawSize()
	if err != nil {
		return nil, err
	}
	raw := t.pb.GetRawData()
	if len(raw) == 0 {
		raw = t.typedBytes()
	}
	if int64(len(raw)) != want {
		return nil, fmt.Errorf("%s%v needs %d bytes, found %d", t.Elem(), t.pb.GetDims(), want, len(raw))
	}
	return raw, nil
}

// typedBytes packs the typed fields as raw_data would hold them. ONNX keeps
// every type narrower than 32 bits, and float16, in int32_data.
func (t *Tensor) typedBytes() []byte {
	var raw []byte
	le := binary.LittleEndian
	switch t.Elem() {
	case Float32, Complex64:
		for _, v := range t.pb.GetFloatData() {
			raw = le.AppendUint32(raw, math.Float32bits(v))
		}
	case Float64, Complex128:
		for _, v := range t.pb.GetDoubleData() {
			raw = le.AppendUint64(raw, math.Float64bits(v))
		}
	case Int64:
		for _, v := range t.pb.GetInt64Data() {
			raw = le.AppendUint64(raw, uint64(v))
		}
	case Uint64:
		for _, v := range t.pb.GetUint64Data() {
			raw = le.AppendUint64(raw, v)
		}
	case Uint32:
		for _, v := range t.pb.GetUint64Data() {
			raw = le.AppendUint32(raw, uint32(v))
		}
	default:
		for _, v := range t.pb.GetInt32Data() {
			switch t.Elem().Bits() {
			case 32:
				raw = le.AppendUint32(raw, uint32(v))
			case 16:
				raw = le.AppendUint16(raw, uint16(v))
			default: // whole bytes, and two 4-bit elements to a byte
				raw = append(raw, byte(v))
			}
		}
	}
	return raw
}

// Floats returns the elements of a floating-point tensor as float32. Values
// of float64 are rounded; float16 and bfloat16 are exact.
func (t *Tensor) Floats() ([]float32, error) { return t.AppendFloats(nil) }

// AppendFloats appends what Floats returns to a slice. Elements that lie
// outside memory are not held beside it.
func (t *Tensor) AppendFloats(to []float32) ([]float32, error) {
	if !t.Elem().Float() {
		return nil, fmt.Errorf("read tensor %q: element type %s is not a float", t.Name(), t.Elem())
	}
	to = slices.Grow(to, int(t.Len()))
	err := t.stream(func(raw []byte) error {
		to = appendFloats(to, t.Elem(), raw)
		return nil
	})
	return to, err
}

func appendFloats(to []float32, elem Elem, raw []byte) []float32 {
	from := len(to)
	to = to[:from+len(raw)*8/elem.Bits()]
	out := to[from:]
	le := binary.LittleEndian
	switch elem {
	case Float32:
		for i := range out {
			out[i] = math.Float32frombits(le.Uint32(raw[4*i:]))
		}
	case Float64:
		for i := range out {
			out[i] = float32(math.Float64frombits(le.Uint64(raw[8*i:])))
		}
	case Float16:
		for i := range out {
			out[i] = HalfToFloat(le.Uint16(raw[2*i:]))
		}
	case BFloat16:
		for i := range out {
			out[i] = math.Float32frombits(uint32(le.Uint16(raw[2*i:])) << 16)
		}
	}
	return to
}

// Ints returns the elements of an integer or bool tensor as int64.
func (t *Tensor) Ints() ([]int64, error) {
	raw, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	if !t.Elem().Int() {
		return nil, fmt.Errorf("read tensor %q: element type %s is not an integer", t.Name(), t.Elem())
	}
	out := make([]int64, t.Len())
	le := binary.LittleEndian
	for i := range out {
		switch t.Elem() {
		case Int64, Uint64:
			out[i] = int64(le.Uint64(raw[8*i:]))
		case Int32:
			out[i] = int64(int32(le.Uint32(raw[4*i:])))
		case Uint32:
			out[i] = int64(le.Uint32(raw[4*i:]))
		case Int16:
			out[i] = int64(int16(le.Uint16(raw[2*i:])))
		case Uint16:
			out[i] = int64(le.Uint16(raw[2*i:]))
		case Int8:
			out[i] = int64(int8(raw[i]))
		case Uint8, Bool:
			out[i] = int64(raw[i])
		}
	}
	return out, nil
}

// WithFloats returns a tensor of the same name, element type and shape holding
// the given values, rounded to the element type.
func (t *Tensor) WithFloats(v []float32) (*Tensor, error) {
	switch {
	case int64(len(v)) != t.Len():
		return nil, fmt.Errorf("set tensor %q: %d values for shape %v", t.Name(), len(v), t.pb.GetDims())
	case !t.Elem().Float():
		return nil, fmt.Errorf("set tensor %q: element type %s is not a float", t.Name(), t.Elem())
	}
	le := binary.LittleEndian
	raw := make([]byte, 0, t.Elem().packedBytes(t.Len()))
	for _, x := range v {
		switch t.Elem() {
		case Float32:
			raw = le.AppendUint32(raw, math.Float32bits(x))
		case Float64:
			raw = le.AppendUint64(raw, math.Float64bits(float64(x)))
		case Float16:
			raw = le.AppendUint16(raw, FloatToHalf(x))
		case BFloat16:
			raw = le.AppendUint16(raw, floatToBrain(x))
		}
	}
	return RawTensor(t.Name(), t.Elem(), t.pb.GetDims(), raw), nil
}

// elements is how many elements a tensor of that shape holds; ok is false when
// an extent is negative or the count of bits would overflow, were the extents
// of 0 left out: so no product of some of the extents overflows either.
func elements(elem Elem, dims []int64) (n int64, ok bool) {
	most := math.MaxInt64 / int64(max(elem.Bits(), 8))
	full, n := int64(1), int64(1)
	for _, d := range dims {
		switch {
		case d < 0 || (d > 0 && full > most/d):
			return 0, false
		case d > 0:
			full *= d
		}
		n *= d
	}
	return n, true
}

func product(dims []int64) int64 {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	return n
}

func shallowTensor(p *onnxpb.TensorProto) *onnxpb.TensorProto {
	c := &onnxpb.TensorProto{
		Dims: p.Dims, DataType: p.DataType, Segment: p.Segment, FloatData: p.FloatData, Int32Data: p.Int32Data,
		StringData: p.StringData, Int64Data: p.Int64Data, Name: p.Name, RawData: p.RawData, DoubleData: p.DoubleData,
		Uint64Data: p.Uint64Data, DocString: p.DocString, ExternalData: p.ExternalData, DataLocation: p.DataLocation,
		MetadataProps: p.MetadataProps,
	}
	c.ProtoReflect().SetUnknown(p.ProtoReflect().GetUnknown())
	return c
}
