package ort

import (
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Random makes a tensor of random elements: floats are standard normal,
// integers and bools are 0 or 1, which an index into almost any axis may be.
func Random(rng *rand.Rand, elem onnxio.Elem, shape ...int64) (*Tensor, error) {
	t, err := Zeros(elem, shape...)
	if err != nil {
		return nil, err
	}
	switch data := t.data.(type) {
	case []float32:
		fill(data, func() float32 { return float32(rng.NormFloat64()) })
	case []float64:
		fill(data, rng.NormFloat64)
	case []Float16:
		fill(data, func() Float16 { return Float16(onnxio.FloatToHalf(float32(rng.NormFloat64()))) })
	default:
		// The lowest byte of each element comes first: on the machines the
		// runtime is built for, numbers are little-endian.
		step := elem.Bits() / 8
		for i := 0; i < len(t.raw); i += step {
			t.raw[i] = byte(rng.IntN(2))
		}
	}
	return t, nil
}

func fill[T Element](data []T, next func() T) {
	for i := range data {
		data[i] = next()
	}
}
