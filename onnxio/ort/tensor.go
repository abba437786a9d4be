package ort

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Float16 is the bits of an IEEE 754 binary16; see [onnxio.HalfToFloat].
type Float16 uint16

// Element is a Go type that tensors are made of.
type Element interface {
	float32 | float64 | Float16 | int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | bool
}

func elemOf[T Element]() onnxio.Elem {
	switch any(*new(T)).(type) {
	case float32:
		return onnxio.Float32
	case float64:
		return onnxio.Float64
	case Float16:
		return onnxio.Float16
	case int8:
		return onnxio.Int8
	case int16:
		return onnxio.Int16
	case int32:
		return onnxio.Int32
	case int64:
		return onnxio.Int64
	case uint8:
		return onnxio.Uint8
	case uint16:
		return onnxio.Uint16
	case uint32:
		return onnxio.Uint32
	case uint64:
		return onnxio.Uint64
	}
	return onnxio.Bool
}

// Tensor is Go memory with an element type and a shape that the runtime reads
// and writes in place. The runtime's handle is released by Close, or some time
// after the Tensor becomes unreachable.
type Tensor struct {
	elem    onnxio.Elem
	shape   []int64
	data    any // []T
	raw     []byte
	use     atomic.Int32 // number of runs reading, or writing, or closed
	native  *nativeTensor
	cleanup runtime.Cleanup
}

const (
	writing = -1
	closed  = math.MinInt32
)

var errTensorClosed = errors.New("tensor is closed")

// NewTensor makes a tensor over data, which must have exactly the elements of
// shape; an empty or nil shape is a scalar. The memory is shared, not copied,
// and not moved or freed while the tensor lives. [Init] must have succeeded.
func NewTensor[T Element](shape []int64, data []T) (*Tensor, error) {
	elem := elemOf[T]()
	if _, err := ready(); err != nil {
		return nil, err
	}
	n, err := elements(shape)
	if err == nil && n != len(data) {
		err = fmt.Errorf("%d elements given, want %d", len(data), n)
	}
	t := &Tensor{elem: elem, shape: slices.Clone(shape), data: data}
	if err == nil {
		t.raw = unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(data))), n*int(unsafe.Sizeof(*new(T))))
		t.native, err = bind(elem, shape, data)
	}
	if err != nil {
		return nil, fmt.Errorf("make tensor %s%v: %w", elem, shape, err)
	}
	t.cleanup = runtime.AddCleanup(t, (*nativeTensor).release, t.native)
	return t, nil
}

// Zeros makes a tensor of new zeroed memory.
func Zeros(elem onnxio.Elem, shape ...int64) (*Tensor, error) {
	switch elem {
	case onnxio.Float32:
		return zeros[float32](shape)
	case onnxio.Float64:
		return zeros[float64](shape)
	case onnxio.Float16:
		return zeros[Float16](shape)
	case onnxio.Int8:
		return zeros[int8](shape)
	case onnxio.Int16:
		return zeros[int16](shape)
	case onnxio.Int32:
		return zeros[int32](shape)
	case onnxio.Int64:
		return zeros[int64](shape)
	case onnxio.Uint8:
		return zeros[uint8](shape)
	case onnxio.Uint16:
		return zeros[uint16](shape)
	case onnxio.Uint32:
		return zeros[uint32](shape)
	case onnxio.Uint64:
		return zeros[uint64](shape)
	case onnxio.Bool:
		return zeros[bool](shape)
	}
	return nil, fmt.Errorf("make tensor %s%v: element type not supported", elem, shape)
}

func zeros[T Element](shape []int64) (*Tensor, error) {
	n, err := elements(shape)
	if err != nil {
		return nil, fmt.Errorf("make tensor %s%v: %w", elemOf[T](), shape, err)
	}
	return NewTensor(shape, make([]T, n))
}

// FromBytes makes a tensor with a copy of raw, the elements' little-endian
// bytes as ONNX stores them.
func FromBytes(elem onnxio.Elem, shape []int64, raw []byte) (*Tensor, error) {
	t, err := Zeros(elem, shape...)
	if err != nil {
		return nil, err
	}
	if len(raw) != len(t.raw) {
		t.Close()
		return nil, fmt.Errorf("make tensor %s%v: %d bytes given, want %d", elem, shape, len(raw), len(t.raw))
	}
	copy(t.raw, raw)
	return t, nil
}

// Data returns the tensor's memory, in row-major order. It panics when T is not
// the type of t's elements. The slice stays valid after Close.
func Data[T Element](t *Tensor) []T {
	data, ok := t.data.([]T)
	if !ok {
		panic(fmt.Sprintf("BUG: Data[%s] of a tensor of %s", elemOf[T](), t.elem))
	}
	return data
}

// Bytes returns the tensor's memory as bytes of this machine's order.
func (t *Tensor) Bytes() []byte { return t.raw }

// Elem returns the type of the elements.
func (t *Tensor) Elem() onnxio.Elem { return t.elem }

// Shape returns the extents, outermost first; the caller must not change it.
func (t *Tensor) Shape() []int64 { return t.shape }

// Len returns the number of elements.
func (t *Tensor) Len() int {
	n, _ := elements(t.shape)
	return n
}

func (t *Tensor) String() string { return fmt.Sprintf("%s%v", t.elem, t.shape) }

// Close releases the runtime's handle; the memory stays the caller's. It may
// be called again, and on nil. While a run uses the tensor it does nothing but
// return an error.
func (t *Tensor) Close() error {
	if t == nil || t.use.Load() == closed {
		return nil
	}
	if !t.use.CompareAndSwap(0, closed) {
		if t.use.Load() == closed {
			return nil
		}
		return errors.New("close tensor: a run is using it")
	}
	t.cleanup.Stop()
	t.native.release()
	return nil
}

// read and write claim the tensor for a run; release gives it back.
func (t *Tensor) read() error {
	for {
		n := t.use.Load()
		if n < 0 {
			return claimError(n)
		}
		if t.use.CompareAndSwap(n, n+1) {
			return nil
		}
	}
}

func (t *Tensor) write() error {
	if t.use.CompareAndSwap(0, writing) {
		return nil
	}
	return claimError(t.use.Load())
}

func (t *Tensor) release() {
	if !t.use.CompareAndSwap(writing, 0) {
		t.use.Add(-1)
	}
}

func claimError(use int32) error {
	if use == closed {
		return errTensorClosed
	}
	return errors.New("tensor is in use, by another run or elsewhere in this one")
}

// elements returns the product of the extents.
func elements(shape []int64) (int, error) {
	n := uint64(1)
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("negative extent %d", d)
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt/16 {
			return 0, errors.New("too many elements")
		}
		n = lo
	}
	return int(n), nil
}
