package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

var constantOfShape = Def{
	Type: "ConstantOfShape", Since: []int64{9, 20, 21, 23},
	Shape: func(c *Infer) error {
		elem := onnxio.Float32
		value := c.Node.Tensor("value")
		if value != nil {
			elem = value.Elem()
		}
		dims, ok := c.Dims(0)
		if !ok {
			c.Out(0, elem, nil)
			return nil
		}
		for _, d := range dims {
			if d.IsKnown() && d.Or(0) < 0 {
				return fmt.Errorf("shape %v has a negative extent", onnxio.Shape(dims))
			}
		}
		c.Out(0, elem, append(onnxio.Shape{}, dims...))
		n, known := onnxio.Shape(dims).Size().Value()
		if value == nil || !elem.Int() || len(dims) > 1 || !known || n > maxValues {
			return nil
		}
		v, err := value.Ints()
		if err != nil || len(v) != 1 {
			return err
		}
		out := make([]onnxio.Dim, n)
		for i := range out {
			out[i] = onnxio.Known(v[0])
		}
		c.OutDims(out)
		return nil
	},
	Axes: func(a *Axes) error {
		for k := range a.OutType(0).Shape {
			a.Free(Out(0, k))
			a.sized(Out(0, k), 0, k)
		}
		return nil
	},
	Grad: NoGrad("it does not depend on values"), Cost: free,
	Cases: []Case{
		{Name: "zeros", Inputs: []Input{I64(2, 3)}},
		{Name: "scalar", Inputs: []Input{{Elem: onnxio.Int64, Shape: []int64{0}, Ints: []int64{}, Const: true}}},
		{Name: "integers", Inputs: []Input{I64(3)}, Attrs: attrs(onnxio.TensorValue("value", onnxio.NewTensor("", []int64{1}, []int64{-1})))},
		{Name: "at run time", Inputs: []Input{{Elem: onnxio.Int64, Shape: []int64{2}, Ints: []int64{3, 4}}}, Fixed: true},
		{Name: "opset 9", Opset: 9, Inputs: []Input{I64(2, 3)}, Attrs: attrs(onnxio.TensorValue("value", onnxio.NewTensor("", []int64{1}, []float32{0.5})))},
	},
}
