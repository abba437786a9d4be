package onnxio

import (
	"fmt"
)

// Elem is the type of a tensor's elements, numbered as ONNX numbers them.
type Elem int32

// The element types that ONNX defines.
const (
	Undefined  Elem = 0
	Float32    Elem = 1
	Uint8      Elem = 2
	Int8       Elem = 3
	Uint16     Elem = 4
	Int16      Elem = 5
	Int32      Elem = 6
	Int64      Elem = 7
	String     Elem = 8
	Bool       Elem = 9
	Float16    Elem = 10
	Float64    Elem = 11
	Uint32     Elem = 12
	Uint64     Elem = 13
	Complex64  Elem = 14
	Complex128 Elem = 15
	BFloat16   Elem = 16
	Uint4      Elem = 21
	Int4       Elem = 22
)

type elemInfo struct {
	name string
	bits int
}

var elems = map[Elem]elemInfo{
	Undefined: {"undefined", 0}, Float32: {"float32", 32}, Uint8: {"uint8", 8}, Int8: {"int8", 8},
	Uint16: {"uint16", 16}, Int16: {"int16", 16}, Int32: {"int32", 32}, Int64: {"int64", 64},
	String: {"string", 0}, Bool: {"bool", 8}, Float16: {"float16", 16}, Float64: {"float64", 64},
	Uint32: {"uint32", 32}, Uint64: {"uint64", 64}, Complex64: {"complex64", 64},
	Complex128: {"complex128", 128}, BFloat16: {"bfloat16", 16},
	17: {"float8e4m3fn", 8}, 18: {"float8e4m3fnuz", 8}, 19: {"float8e5m2", 8}, 20: {"float8e5m2fnuz", 8},
	Uint4: {"uint4", 4}, Int4: {"int4", 4}, 23: {"float4e2m1", 4},
}

func (e Elem) String() string {
	if i, ok := elems[e]; ok {
		return i.name
	}
	return fmt.Sprintf("elem(%d)", int32(e))
}

// Bits returns the size of one element in raw data; 0 for strings and unknown
// types.
func (e Elem) Bits() int { return elems[e].bits }

// Float reports whether e is a floating-point type whose values Floats can
// give.
func (e Elem) Float() bool {
	return e == Float32 || e == Float64 || e == Float16 || e == BFloat16
}

// Int reports whether e is an integer or bool type of whole bytes.
func (e Elem) Int() bool {
	switch e {
	case Uint8, Int8, Uint16, Int16, Int32, Int64, Bool, Uint32, Uint64:
		return true
	}
	return false
}

func (e Elem) proto() *int32 { v := int32(e); return &v }

// packedBytes returns the raw size of n elements, -1 when the type has none.
func (e Elem) packedBytes(n int64) int64 {
	if b := e.Bits(); b > 0 {
		return (n*int64(b) + 7) / 8
	}
	return -1
}
