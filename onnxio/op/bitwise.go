package op

import "github.com/prunefuse/prunefuse/onnxio"

// bitwiseCases returns the operands on which operators on the bits of two whole
// numbers are checked.
func bitwiseCases() []Case {
	bytes := func(v []int64, shape ...int64) Input {
		return Input{Elem: onnxio.Uint8, Shape: shape, Ints: v}
	}
	return []Case{
		{Name: "int64", Opset: 18, Inputs: []Input{I64(5, 0, -3), I64(3, 7, 6)}},
		{Name: "uint8", Opset: 18, Inputs: []Input{bytes([]int64{5, 0, 255, 128}, 2, 2), bytes([]int64{3, 7, 6, 1}, 2, 2)}},
		{Name: "broadcast", Opset: 18, Inputs: []Input{bytes([]int64{5, 0, 255, 128}, 2, 2), bytes([]int64{3, 7}, 2)}},
	}
}
