package op

import (
	"fmt"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

var resize = Def{
	Type: "Resize", Since: []int64{10, 11, 13, 18, 19},
	Shape: resizeShape, Axes: resizeAxes, Grad: resizeGrad, Cost: free,
	Upgrade: func(u *Upgrade) error {
		if u.From >= 11 {
			return nil
		}
		rounding, err := u.simpleRounding()
		if err != nil {
			return err
		}
		u.Patch.SetInput(u.Node, 2, u.Node.Input(1))
		u.Patch.SetInput(u.Node, 1, "")
		u.Patch.SetAttr(u.Node, onnxio.Str("coordinate_transformation_mode", "asymmetric"))
		u.Patch.SetAttr(u.Node, onnxio.Str("nearest_mode", rounding))
		return nil
	},
	Cases: resizeCases(),
}

func resizeCases() []Case {
	scales := func(s ...float32) []Input { return []Input{X(2, 3, 4, 5), None(), F32(s, int64(len(s)))} }
	sizes := func(s ...int64) []Input { return []Input{X(2, 3, 4, 5), None(), None(), I64(s...)} }
	how := func(mode, coordinates string, more ...onnxio.Attr) []onnxio.Attr {
		return append(attrs(onnxio.Str("mode", mode), onnxio.Str("coordinate_transformation_mode", coordinates)), more...)
	}
	cases := []Case{
		{Name: "twice", Inputs: scales(1, 1, 2, 2)},
		{Name: "nearest, as PyTorch", Inputs: scales(1, 1, 2, 3), Attrs: how("nearest", "asymmetric", onnxio.Str("nearest_mode", "floor"))},
		{Name: "nearest, smaller", Inputs: scales(1, 1, 0.5, 0.75)},
		{Name: "linear, as PyTorch", Inputs: scales(1, 1, 1.5, 2), Attrs: how("linear", "pytorch_half_pixel")},
		{Name: "linear, corners aligned", Inputs: sizes(2, 3, 7, 9), Attrs: how("linear", "align_corners"), Fixed: true},
		{Name: "cubic", Inputs: sizes(2, 3, 8, 3), Attrs: how("cubic", "half_pixel", onnxio.Float("cubic_coeff_a", -0.75)), Fixed: true},
		{Name: "one axis", Inputs: []Input{X(2, 3, 4), None(), F32([]float32{1, 1, 2}, 3)}, Attrs: how("linear", "half_pixel")},
		{Name: "channels", Inputs: []Input{X(2, 3, 4), None(), F32([]float32{1, 2, 1}, 3)}},
		{Name: "sizes of some axes", Opset: 18, Inputs: []Input{X(2, 3, 4, 5), None(), None(), I64(8, 9)}, Attrs: attrs(onnxio.Ints("axes", 2, -1))},
		{Name: "not larger", Opset: 18, Inputs: []Input{X(2, 3, 4, 5), None(), None(), I64(6, 9)}, Attrs: attrs(onnxio.Ints("axes", 2, 3), onnxio.Str("keep_aspect_ratio_policy", "not_larger"))},
		{Name: "not smaller", Opset: 18, Inputs: []Input{X(2, 3, 4, 5), None(), None(), I64(6, 9)}, Attrs: attrs(onnxio.Ints("axes", 2, 3), onnxio.Str("keep_aspect_ratio_policy", "not_smaller"))},
		{Name: "smoothed", Opset: 18, Inputs: scales(1, 1, 0.5, 0.6), Attrs: how("linear", "half_pixel", onnxio.Int("antialias", 1))},
		{Name: "symmetric", Opset: 19, Inputs: scales(1, 1, 0.6, 1.3), Attrs: how("linear", "half_pixel_symmetric")},
		{Name: "opset 10", Opset: 10, Inputs: []Input{X(2, 3, 4, 5), F32([]float32{1, 1, 2, 2}, 4)}},
		{Name: "opset 10, smaller", Opset: 10, Inputs: []Input{X(2, 3, 4, 5), F32([]float32{1, 1, 0.5, 0.75}, 4)}},
		{Name: "opset 10, linear", Opset: 10, Inputs: []Input{X(2, 3, 4, 5), F32([]float32{1, 1, 2, 1.5}, 4)}, Attrs: attrs(onnxio.Str("mode", "linear"))},
		{Name: "opset 11", Opset: 11, Inputs: []Input{X(2, 3, 4, 5), F32(nil, 0), F32(nil, 0), I64(2, 3, 8, 10)}, Attrs: how("linear", "pytorch_half_pixel"), Fixed: true},
	}
	for i := range cases {
		cases[i].NoGrad = []int{1, 2} // the scales choose a shape
	}
	return cases
}

// resizing is what becomes of every axis: its extent and, where that is
// stated as a scale, the scale.
type resizing struct {
	out    onnxio.Shape
	scale  []float32 // nil where sizes are stated
	at     []int     // where the axis stands in the list of scales or sizes; −1 where it does not
	policy string    // what sizes mean
}

// readResize reads a Resize or an Upsample; nil where its extents are not
// known.
func readResize(c *Infer) (*resizing, error) {
	in := c.In(0).Shape
	r := &resizing{out: in.Clone(), at: make([]int, len(in)), policy: c.Node.Str("keep_aspect_ratio_policy", "stretch")}
	axes, err := r.place(c)
	if err != nil {
		return nil, err
	}
	scales, known := resizeScales(c)
	sizes, sized := c.Dims(3)
	switch {
	case !known:
		return nil, nil
	case len(scales) == len(axes) && len(axes) > 0:
		r.scale = make([]float32, len(in))
		for k, i := range r.at {
			r.scale[k] = 1
			if i >= 0 {
				r.scale[k] = scales[i]
				r.out[k] = scaled(in[k], scales[i])
			}
		}
	case sized && len(sizes) == len(axes):
		for i, k := range axes {
			r.out[k] = sizes[i]
		}
		if r.policy != "stretch" && !r.fit(in, axes) {
			return nil, nil
		}
	default:
		return nil, nil
	}
	return r, nil
}

// place finds the axes that the list speaks of.
func (r *resizing) place(c *Infer) (axes []int, err error) {
	axes = span(0, len(r.out))
	if list := c.Node.Ints("axes"); list != nil && c.Opset >= 18 {
		if _, err := axisSet(list, len(r.out)); err != nil {
			return nil, err
		}
		axes = axes[:len(list)]
		for i, a := range list {
			axes[i], _ = r.out.Axis(a)
		}
	}
	for k := range r.at {
		r.at[k] = slices.Index(axes, k)
	}
	return axes, nil
}

// resizeScales returns the scales, none where sizes are stated instead; known
// is false where they are computed at run time.
func resizeScales(c *Infer) (scales []float32, known bool) {
	at := 2
	switch {
	case c.Opset < 9:
		return c.Node.Floats("scales"), true
	case c.Opset < 11:
		at = 1
	}
	if !c.Has(at) {
		return nil, true
	}
	if t, _ := c.Graph.Constant(c.Node.Input(at)); t != nil {
		v, err := t.Floats()
		return v, err == nil
	}
	dims, ok := c.Ints(at)
	for _, n := range dims {
		scales = append(scales, float32(n))
	}
	return scales, ok
}

// scaled returns an extent times a scale, rounded down, as the runtime computes
// it: in single precision.
func scaled(d onnxio.Dim, s float32) onnxio.Dim {
	n, ok := d.Value()
	whole := s == float32(int64(s))
	parts := math.Round(1 / float64(s))
	switch {
	case ok:
		return onnxio.Known(int64(float32(n) * s))
	case whole:
		return d.Mul(onnxio.Known(int64(s)))
	case float32(1/parts) == s:
		return d.Apply(fmt.Sprintf("floor(%%/%d)", int64(parts)), nil)
	}
	return onnxio.Symbol(fmt.Sprintf("floor(%v*%v)", d, s))
}

// fit makes one scale of the sizes: the smallest, or the largest.
func (r *resizing) fit(in onnxio.Shape, axes []int) bool {
	var best float32
	for i, k := range axes {
		n, ok := in[k].Value()
		m, sok := r.out[k].Value()
		if !ok || !sok || n == 0 {
			return false
		}
		s := float32(m) / float32(n)
		if i == 0 || (r.policy == "not_larger") == (s < best) {
			best = s
		}
	}
	for _, k := range axes {
		r.out[k] = onnxio.Known(int64(math.Round(float64(best * float32(in[k].Or(0))))))
	}
	return true
}

func resizeShape(c *Infer) error {
	r, err := readResize(c)
	if err != nil {
		return err
	}
	if r == nil {
		c.Out(0, c.In(0).Elem, nil)
		return nil
	}
	c.Out(0, c.In(0).Elem, r.out)
	return nil
}

// resizeAxes carries the axes that keep their extent.
func resizeAxes(a *Axes) error {
	r, err := readResize(a.Infer)
	if err != nil {
		return err
	}
	if r == nil {
		a.PinAll("its extents are computed at run time")
		return nil
	}
	cropped := a.Node.Str("coordinate_transformation_mode", "") == "tf_crop_and_resize"
	for k, i := range r.at {
		in, out := In(0, k), Out(0, k)
		kept := i < 0 || (r.scale != nil && r.scale[k] == 1) || (r.scale == nil && r.policy == "stretch" && a.Dim(in) == a.Dim(out))
		switch {
		case !kept || (cropped && i >= 0):
			a.Pin(in, "it is resized along this axis")
			a.Pin(out, "it is resized along this axis")
			continue
		case i >= 0 && r.scale == nil:
			a.sized(out, 3, i)
		}
		a.Same(in, out)
	}
	return nil
}
