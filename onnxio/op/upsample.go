package op

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// upsample is the Resize of opsets 7 to 9.
var upsample = Def{
	Type: "Upsample", Since: []int64{1, 7, 9, 10},
	Shape: resizeShape, Axes: resizeAxes, Grad: resizeGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		rounding, err := u.simpleRounding()
		if err != nil {
			return err
		}
		scales := u.Node.Input(1)
		if v, _ := resizeScales(u.Infer); scales == "" {
			scales = u.constant("scales", []int64{int64(len(v))}, v)
		}
		u.Patch.Remove(u.Node)
		u.Into(u.Node.Output(0), "Resize", []string{u.Node.Input(0), "", scales},
			onnxio.Str("mode", u.Node.Str("mode", "nearest")), onnxio.Str("coordinate_transformation_mode", "asymmetric"), onnxio.Str("nearest_mode", rounding))
		return nil
	},
	Cases: []Case{
		{Name: "nearest", Opset: 9, Inputs: []Input{X(2, 3, 4, 5), F32([]float32{1, 1, 2, 2}, 4)}, NoGrad: []int{1}},
		{Name: "linear", Opset: 9, Inputs: []Input{X(2, 3, 4, 5), F32([]float32{1, 1, 1.5, 2}, 4)}, Attrs: attrs(onnxio.Str("mode", "linear")), NoGrad: []int{1}},
		{Name: "opset 7", Opset: 7, Inputs: []Input{X(2, 3, 4, 5)}, Attrs: attrs(onnxio.Floats("scales", 1, 1, 2, 3))},
	},
}

// simpleRounding returns the nearest_mode of before it could be stated: down
// along axes that grow, up along axes that shrink.
func (u *Upgrade) simpleRounding() (string, error) {
	scales, known := resizeScales(u.Infer)
	grows := slices.ContainsFunc(scales, func(s float32) bool { return s > 1 })
	shrinks := slices.ContainsFunc(scales, func(s float32) bool { return s < 1 })
	switch {
	case !known:
		return "", fmt.Errorf("its scales are computed at run time; export the model at opset 11 or later")
	case grows && shrinks && u.Node.Str("mode", "nearest") == "nearest":
		return "", fmt.Errorf("it grows along one axis and shrinks along another; export the model at opset 11 or later")
	case shrinks:
		return "ceil", nil
	}
	return "floor", nil
}
