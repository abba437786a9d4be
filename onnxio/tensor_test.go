package onnxio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

func le(v any) []byte {
	b, err := binary.Append(nil, binary.LittleEndian, v)
	if err != nil {
		panic(err)
	}
	return b
}

// TestStorageForms reads each element type from its typed field and from raw
// bytes, as the ONNX specification assigns them.
func TestStorageForms(t *testing.T) {
	t.Parallel()
	inf := float32(math.Inf(-1))
	for _, tc := range []struct {
		elem   Elem
		dims   []int64
		typed  *onnxpb.TensorProto
		raw    []byte
		floats []float32
		ints   []int64
	}{
		{elem: Float32, dims: []int64{3}, typed: &onnxpb.TensorProto{FloatData: []float32{1, -2.5, inf}}, raw: le([]float32{1, -2.5, inf}), floats: []float32{1, -2.5, inf}},
		{elem: Float64, dims: []int64{2}, typed: &onnxpb.TensorProto{DoubleData: []float64{1, 0.1}}, raw: le([]float64{1, 0.1}), floats: []float32{1, 0.1}},
		{elem: Float16, dims: []int64{3}, typed: &onnxpb.TensorProto{Int32Data: []int32{0x3c00, 0xc100, 0x0001}}, raw: le([]uint16{0x3c00, 0xc100, 1}), floats: []float32{1, -2.5, 0x1p-24}},
		{elem: BFloat16, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{0x3f80, 0xc020}}, raw: le([]uint16{0x3f80, 0xc020}), floats: []float32{1, -2.5}},
		{elem: Int8, dims: []int64{3}, typed: &onnxpb.TensorProto{Int32Data: []int32{-128, 127, -1}}, raw: le([]int8{-128, 127, -1}), ints: []int64{-128, 127, -1}},
		{elem: Uint8, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{0, 255}}, raw: []byte{0, 255}, ints: []int64{0, 255}},
		{elem: Bool, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{1, 0}}, raw: le([]bool{true, false}), ints: []int64{1, 0}},
		{elem: Int16, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{-32768, 5}}, raw: le([]int16{-32768, 5}), ints: []int64{-32768, 5}},
		{elem: Uint16, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{65535, 5}}, raw: le([]uint16{65535, 5}), ints: []int64{65535, 5}},
		{elem: Int32, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{math.MinInt32, 5}}, raw: le([]int32{math.MinInt32, 5}), ints: []int64{math.MinInt32, 5}},
		{elem: Uint32, dims: []int64{2}, typed: &onnxpb.TensorProto{Uint64Data: []uint64{math.MaxUint32, 5}}, raw: le([]uint32{math.MaxUint32, 5}), ints: []int64{math.MaxUint32, 5}},
		{elem: Int64, dims: []int64{2}, typed: &onnxpb.TensorProto{Int64Data: []int64{math.MinInt64, 5}}, raw: le([]int64{math.MinInt64, 5}), ints: []int64{math.MinInt64, 5}},
		{elem: Uint64, dims: []int64{1}, typed: &onnxpb.TensorProto{Uint64Data: []uint64{1 << 62}}, raw: le(uint64(1 << 62)), ints: []int64{1 << 62}},
		{elem: Complex64, dims: []int64{1}, typed: &onnxpb.TensorProto{FloatData: []float32{1, 2}}, raw: le([]float32{1, 2})},
		{elem: Complex128, dims: []int64{1}, typed: &onnxpb.TensorProto{DoubleData: []float64{1, 2}}, raw: le([]float64{1, 2})},
		{elem: Int4, dims: []int64{3}, typed: &onnxpb.TensorProto{Int32Data: []int32{0x21, 0x03}}, raw: []byte{0x21, 0x03}},
		{elem: Uint4, dims: []int64{2, 2}, typed: &onnxpb.TensorProto{Int32Data: []int32{0xf1, 0x2e}}, raw: []byte{0xf1, 0x2e}},
		{elem: 17, dims: []int64{2}, typed: &onnxpb.TensorProto{Int32Data: []int32{0x80, 7}}, raw: []byte{0x80, 7}},
		{elem: Float32, dims: []int64{0, 5}, typed: &onnxpb.TensorProto{}},
		{elem: Float32, typed: &onnxpb.TensorProto{FloatData: []float32{9}}, raw: le(float32(9)), floats: []float32{9}},
	} {
		t.Run(Type{tc.elem, ShapeOf(tc.dims...)}.String(), func(t *testing.T) {
			t.Parallel()
			typed := tc.typed
			typed.Name, typed.DataType, typed.Dims = proto.String("w"), tc.elem.proto(), tc.dims
			raw := &onnxpb.TensorProto{Name: typed.Name, DataType: typed.DataType, Dims: tc.dims, RawData: tc.raw}
			for form, pb := range map[string]*onnxpb.TensorProto{"typed": typed, "raw": raw} {
				if err := checkTensor(pb); err != nil {
					t.Fatalf("%s: %v", form, err)
				}
				x := &Tensor{pb: pb}
				if b, err := x.Bytes(); err != nil || !bytes.Equal(b, tc.raw) {
					t.Errorf("%s: bytes %x, %v, want %x", form, b, err, tc.raw)
				}
				floats, err := x.Floats()
				if !slices.Equal(floats, tc.floats) || (err == nil) != tc.elem.Float() {
					t.Errorf("%s: floats %v, %v", form, floats, err)
				}
				ints, err := x.Ints()
				if !slices.Equal(ints, tc.ints) || (err == nil) != tc.elem.Int() {
					t.Errorf("%s: ints %v, %v", form, ints, err)
				}
			}
		})
	}
}

func TestNewTensor(t *testing.T) {
	t.Parallel()
	check := func(x *Tensor, elem Elem, raw []byte) {
		t.Helper()
		b, err := x.Bytes()
		if err != nil || !bytes.Equal(b, raw) || x.Elem() != elem || x.Name() != "w" || x.Len() != 2 || x.Rank() != 1 || x.Dim(0) != 2 {
			t.Errorf("%s%v holds %x, %v", x.Elem(), x.Dims(), b, err)
		}
	}
	two := []int64{2}
	check(NewTensor("w", two, []float32{1, -2}), Float32, le([]float32{1, -2}))
	check(NewTensor("w", two, []float64{1, -2}), Float64, le([]float64{1, -2}))
	check(NewTensor("w", two, []int64{1, -2}), Int64, le([]int64{1, -2}))
	check(NewTensor("w", two, []int32{1, -2}), Int32, le([]int32{1, -2}))
	check(NewTensor("w", two, []int16{1, -2}), Int16, le([]int16{1, -2}))
	check(NewTensor("w", two, []int8{1, -2}), Int8, le([]int8{1, -2}))
	check(NewTensor("w", two, []uint64{1, 2}), Uint64, le([]uint64{1, 2}))
	check(NewTensor("w", two, []uint32{1, 2}), Uint32, le([]uint32{1, 2}))
	check(NewTensor("w", two, []uint16{1, 2}), Uint16, le([]uint16{1, 2}))
	check(NewTensor("w", two, []uint8{1, 2}), Uint8, []byte{1, 2})
	check(NewTensor("w", two, []bool{true, false}), Bool, []byte{1, 0})
	check(RawTensor("w", BFloat16, two, []byte{1, 2, 3, 4}), BFloat16, []byte{1, 2, 3, 4})
	if s := Scalar("s", float32(3)); s.Rank() != 0 || s.Len() != 1 || s.Type().String() != "float32[]" {
		t.Errorf("scalar is %v", s.Type())
	}
	data, dims := []float32{1, 2}, []int64{2}
	x := NewTensor("w", dims, data)
	data[0], dims[0] = 9, 9
	x.Dims()[0] = 9
	check(x, Float32, le([]float32{1, 2}))
	if r := x.Renamed("v"); r.Name() != "v" || x.Name() != "w" {
		t.Error("Renamed changes its receiver")
	}
}

func TestNewTensorPanics(t *testing.T) {
	t.Parallel()
	for what, make := range map[string]func(){
		"too few elements":  func() { NewTensor("w", []int64{2, 2}, []float32{1, 2, 3}) },
		"negative extents":  func() { NewTensor("w", []int64{-2, -2}, []float32{1, 2, 3, 4}) },
		"overflowing shape": func() { NewTensor("w", []int64{1 << 32, 1 << 32}, []float32{}) },
		"raw of strings":    func() { RawTensor("w", String, []int64{1}, []byte{1}) },
		"raw too long":      func() { RawTensor("w", Int4, []int64{3}, []byte{1, 2, 3}) },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.HasPrefix(r, "BUG: ") {
					t.Errorf("%s: %s", what, r)
				}
			}()
			make()
		}()
	}
}

func TestWithFloats(t *testing.T) {
	t.Parallel()
	values := []float32{0, 1.0 / 3, -7.25, 65504, 1e-7, 3e38}
	for elem, want := range map[Elem][]float32{
		Float32:  values,
		Float64:  values,
		Float16:  {0, 0x1.554p-2, -7.25, 65504, 0x1p-23, float32(math.Inf(1))},
		BFloat16: {0, 0x1.56p-2, -7.25, 65536, 0x1.aep-24, 0x1.c4p127},
	} {
		x := RawTensor("w", elem, []int64{2, 3}, make([]byte, 6*elem.Bits()/8))
		y, err := x.WithFloats(values)
		if err != nil {
			t.Fatal(err)
		}
		if y.Elem() != elem || y.Name() != "w" || !y.Shape().Equal(x.Shape()) {
			t.Errorf("%s: became %q %v", elem, y.Name(), y.Type())
		}
		if got, err := y.Floats(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", elem, got, err, want)
		}
		if got, _ := x.Floats(); slices.ContainsFunc(got, func(v float32) bool { return v != 0 }) {
			t.Errorf("%s: the original changed to %v", elem, got)
		}
	}
}

// TestTake compares with a gather by index arithmetic on an int64 tensor that
// numbers its elements.
func TestTake(t *testing.T) {
	t.Parallel()
	dims := []int64{2, 3, 4}
	for _, elem := range []Elem{Float32, Float64, Float16, BFloat16, Int8, Uint8, Bool, Int16, Int64, Complex128, 17} {
		size := elem.Bits() / 8
		raw := make([]byte, 24*size)
		for i := range raw {
			raw[i] = byte(i)
		}
		x := RawTensor("w", elem, dims, raw)
		for axis := range dims {
			for _, index := range [][]int{{}, {0}, {1, 0}, {1, 1, 1, 0}} {
				got, err := x.Take(axis, index)
				if err != nil {
					t.Fatal(err)
				}
				shape := slices.Clone(dims)
				shape[axis] = int64(len(index))
				var want []byte
				for e := range product(shape) {
					p := []int64{e / (shape[1] * shape[2]), e / shape[2] % shape[1], e % shape[2]}
					p[axis] = int64(index[p[axis]])
					at := int(p[0]*12+p[1]*4+p[2]) * size
					want = append(want, raw[at:at+size]...)
				}
				b, err := got.Bytes()
				if err != nil || !bytes.Equal(b, want) || !slices.Equal(got.Dims(), shape) || got.Elem() != elem || got.Name() != "w" {
					t.Fatalf("%s axis %d index %v: %v %x, %v, want %x", elem, axis, index, got.Type(), b, err, want)
				}
			}
		}
	}
}

func TestTakeOfNothing(t *testing.T) {
	t.Parallel()
	// Shapes that would take years to walk.
	for _, tc := range []struct {
		dims  []int64
		axis  int
		index []int
	}{
		{[]int64{0, 1 << 28, 1 << 28}, 0, nil},
		{[]int64{0, 1 << 27, 1 << 28}, 2, []int{1 << 27, 0}},
		{[]int64{1 << 57, 0}, 1, nil},
		{[]int64{1 << 57, 1, 0}, 1, []int{0}},
		{[]int64{1 << 57, 1, 0}, 0, []int{1 << 56}},
	} {
		x := RawTensor("w", Float32, tc.dims, nil)
		y, err := x.Take(tc.axis, tc.index)
		if err != nil {
			t.Errorf("%v: %v", tc.dims, err)
			continue
		}
		if y.Len() != 0 || y.Dim(tc.axis) != int64(len(tc.index)) {
			t.Errorf("%v: took %v", tc.dims, y.Dims())
		}
	}
}

func TestTensorErrors(t *testing.T) {
	t.Parallel()
	text := &Tensor{pb: &onnxpb.TensorProto{Name: proto.String("s"), DataType: String.proto(), Dims: []int64{2}, StringData: [][]byte{[]byte("a"), []byte("b")}}}
	if err := checkTensor(text.pb); err != nil {
		t.Fatal(err)
	}
	ints := NewTensor("i", []int64{2}, []int64{1, 2})
	none := NewTensor("e", []int64{0}, []int64{})
	noFloats := NewTensor("f", []int64{0}, []float32{})
	short := &Tensor{pb: &onnxpb.TensorProto{Name: proto.String("w"), DataType: Float32.proto(), Dims: []int64{2}, RawData: make([]byte, 7)}}
	wide := RawTensor("z", Float32, []int64{1 << 57, 1, 0}, nil)
	nibbles := RawTensor("n", Int4, []int64{2}, []byte{0x21})
	for _, tc := range []struct {
		call func() error
		want string
	}{
		{func() error { _, err := text.Bytes(); return err }, `read tensor "s": element type string has no raw form`},
		{func() error { _, err := text.WithFloats([]float32{1, 2}); return err }, `set tensor "s": element type string is not a float`},
		{func() error { _, err := text.Take(0, []int{0}); return err }, `slice tensor "s": element type string is not of whole bytes`},
		{func() error { _, err := ints.Floats(); return err }, `read tensor "i": element type int64 is not a float`},
		{func() error { _, err := none.Floats(); return err }, `read tensor "e": element type int64 is not a float`},
		{func() error { _, err := noFloats.Ints(); return err }, `read tensor "f": element type float32 is not an integer`},
		{func() error { _, err := none.WithFloats(nil); return err }, `set tensor "e": element type int64 is not a float`},
		{func() error { _, err := noFloats.WithFloats([]float32{1}); return err }, `set tensor "f": 1 values for shape [0]`},
		{func() error { _, err := short.Bytes(); return err }, `read tensor "w": float32[2] needs 8 bytes, found 7`},
		{func() error { _, err := short.Take(0, []int{0}); return err }, `read tensor "w": float32[2] needs 8 bytes, found 7`},
		{func() error { _, err := nibbles.Take(0, []int{0}); return err }, `slice tensor "n": element type int4 is not of whole bytes`},
		{func() error { _, err := ints.Take(1, nil); return err }, `slice tensor "i": axis 1 of rank 1`},
		{func() error { _, err := ints.Take(-1, nil); return err }, `slice tensor "i": axis -1 of rank 1`},
		{func() error { _, err := ints.Take(0, []int{2}); return err }, `slice tensor "i": index 2 on axis 0 of extent 2`},
		{func() error { _, err := wide.Take(1, []int{0, 0}); return err }, `slice tensor "z": the shape [144115188075855872 2 0] is too large`},
		{func() error { _, err := ints.Take(0, []int{-1}); return err }, `slice tensor "i": index -1 on axis 0 of extent 2`},
	} {
		if err := tc.call(); err == nil || err.Error() != tc.want {
			t.Errorf("error %v, want %s", err, tc.want)
		}
	}
}

func TestCheckTensorRefuses(t *testing.T) {
	t.Parallel()
	for what, pb := range map[string]*onnxpb.TensorProto{
		"negative extent":     {DataType: Float32.proto(), Dims: []int64{-1}},
		"two negatives":       {DataType: Float32.proto(), Dims: []int64{-1, -1}, RawData: make([]byte, 4)},
		"overflow":            {DataType: Uint8.proto(), Dims: []int64{1 << 32, 1 << 32}},
		"overflow beside 0":   {DataType: Float32.proto(), Dims: []int64{0, 1 << 40, 1 << 40}},
		"overflow in bits":    {DataType: Float64.proto(), Dims: []int64{1 << 58}},
		"a claim of 2^57":     {DataType: Float32.proto(), Dims: []int64{1 << 57}},
		"segment":             {DataType: Float32.proto(), Segment: &onnxpb.TensorProto_Segment{}},
		"strings missing":     {DataType: String.proto(), Dims: []int64{2}, StringData: [][]byte{nil}},
		"strings as raw":      {DataType: String.proto(), Dims: []int64{1}, RawData: []byte("a")},
		"no type":             {Dims: []int64{0}},
		"a type of tomorrow":  {DataType: Elem(99).proto(), Dims: []int64{1}, RawData: []byte{1}},
		"elements in surplus": {DataType: Int64.proto(), Dims: []int64{1}, Int64Data: []int64{1, 2}},
		"wrong typed field":   {DataType: Int64.proto(), Dims: []int64{1}, Int32Data: []int32{1}},
	} {
		if err := checkTensor(pb); err == nil {
			t.Errorf("%s: accepted", what)
		} else if _, ok := errors.AsType[*FormatError](err); !ok {
			t.Errorf("%s: error %v is no FormatError", what, err)
		}
	}
}

func TestElem(t *testing.T) {
	t.Parallel()
	if Elem(99).String() != "elem(99)" || Elem(99).Bits() != 0 || BFloat16.String() != "bfloat16" {
		t.Error("names are wrong")
	}
	for e, i := range elems {
		if _, ok := onnxpb.TensorProto_DataType_name[int32(e)]; !ok {
			t.Errorf("%s is not a type of ONNX", i.name)
		}
		if e.Float() && e.Int() {
			t.Errorf("%s is both float and int", e)
		}
	}
	if len(elems) != len(onnxpb.TensorProto_DataType_name) {
		t.Errorf("%d types, ONNX has %d", len(elems), len(onnxpb.TensorProto_DataType_name))
	}
	if n := Int4.packedBytes(5); n != 3 {
		t.Errorf("five nibbles take %d bytes", n)
	}
}
