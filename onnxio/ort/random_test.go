package ort_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// Random elements of every type are within what the type's contract says, are
// not all alike, and come back with the same seed.
func TestRandom(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	const n = 200
	for _, elem := range []onnxio.Elem{
		onnxio.Float32, onnxio.Float64, onnxio.Float16, onnxio.Int8, onnxio.Int16, onnxio.Int32, onnxio.Int64,
		onnxio.Uint8, onnxio.Uint16, onnxio.Uint32, onnxio.Uint64, onnxio.Bool,
	} {
		draw := func() *ort.Tensor {
			x, err := ort.Random(rand.New(rand.NewPCG(1, 2)), elem, n)
			if err != nil {
				t.Fatal(err)
			}
			return x
		}
		x := draw()
		if !bytes.Equal(x.Bytes(), draw().Bytes()) {
			t.Errorf("%s: the same seed gives other elements", elem)
		}
		c := onnxio.RawTensor("x", elem, []int64{n}, x.Bytes())
		if elem.Float() {
			v, err := c.Floats()
			if err != nil {
				t.Fatal(err)
			}
			var sum, squares float64
			for _, f := range v {
				sum += float64(f)
				squares += float64(f) * float64(f)
			}
			if mean, rms := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 0.3 || rms < 0.8 || rms > 1.2 {
				t.Errorf("%s: mean %v, root mean square %v", elem, mean, rms)
			}
			continue
		}
		v, err := c.Ints()
		if err != nil {
			t.Fatal(err)
		}
		count := map[int64]int{}
		for _, i := range v {
			count[i]++
		}
		if len(count) != 2 || count[0] < n/4 || count[1] < n/4 {
			t.Errorf("%s: elements %v", elem, count)
		}
	}
	if _, err := ort.Random(rand.New(rand.NewPCG(1, 2)), onnxio.String, 1); err == nil {
		t.Error("random strings")
	}
}
