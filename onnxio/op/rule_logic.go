package op

import "github.com/prunefuse/prunefuse/onnxio"

// logic returns the shape rule of operators on two truth values.
func logic(f func(a, b bool) bool) func(*Infer) error {
	return arithmetic(func(a, b onnxio.Dim) (onnxio.Dim, bool) {
		x, xok := a.Value()
		y, yok := b.Value()
		return truth(f(x != 0, y != 0)), xok && yok
	})
}

func logicCases() []Case {
	constant := func(v ...int64) Input {
		return Input{Elem: onnxio.Bool, Shape: []int64{int64(len(v))}, Ints: v, Const: true}
	}
	return []Case{
		{Name: "each", Inputs: []Input{Bools([]int64{1, 0, 0, 1}, 2, 2), Bools([]int64{1, 1, 0, 0}, 2, 2)}},
		{Name: "broadcast", Inputs: []Input{Bools([]int64{1, 0, 0, 1}, 2, 2), Bools([]int64{1, 0}, 2)}},
		{Name: "constants", Inputs: []Input{constant(1, 0, 1, 0), constant(1, 1, 0, 0)}},
		{Name: "against one", Inputs: []Input{constant(1, 0), constant(1)}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{Bools([]int64{1, 0}, 2, 1), Bools([]int64{1, 0}, 2)}},
	}
}
