package op

import "github.com/prunefuse/prunefuse/onnxio"

// deformConvDecomposition reads the image where the offsets say, and multiplies that
// by the weights.
func deformConvDecomposition(p *Decomposition) error {
	x, xok := p.In(0).Shape[1:].Ints()
	w, wok := p.In(1).Shape.Ints()
	group, sets := p.Node.Int("group", 1), p.Node.Int("offset_group", 1)
	if !xok || !wok || len(x) != 3 || p.In(0).Elem != onnxio.Float32 || group < 1 || sets < 1 || x[0]%sets != 0 || x[1]*x[2] > maxSampled {
		return NoDecomposition("the extents of its float32 image %v and weight %v are not all known", p.In(0).Shape, p.In(1).Shape)
	}
	win, err := newWindow(p.Infer, p.In(1).Shape[2:])
	if err != nil {
		return err
	}
	if err := win.resolve(p.In(0).Shape[2:]); err != nil {
		return err
	}
	out := []int64{win.extent(0, x[1]), win.extent(1, x[2])}
	kernel, points := w[2]*w[3], out[0]*out[1]
	// Where each position of the kernel lies for each output without an
	// offset, by axis.
	base := make([][]float32, 2)
	for k := range kernel {
		for o := range points {
			at := []int64{k / w[3], k % w[3]}
			to := []int64{o / out[1], o % out[1]}
			for d := range base {
				base[d] = append(base[d], float32(to[d]*win.stride[d]-win.begin[d]+at[d]*win.dilation[d]))
			}
		}
	}
	offsets := p.pieces(p.Reshape(p.Node.Input(2), -1, kernel, 2, points), 2, 2, 1)
	taps := make([][]tap, 2)
	for d, off := range offsets {
		at := p.Add(p.Reshape(off, -1, kernel*points), p.Floats(base[d], kernel*points))
		taps[d] = p.linearTaps(at)
	}
	read := p.sampled(p.Reshape(p.Node.Input(0), -1, x[0]/sets, x[1], x[2]), x[0]/sets, x[1:], taps, false)
	if p.Has(4) {
		read = p.Mul(read, p.Reshape(p.Node.Input(4), -1, 1, kernel*points))
	}
	rows := p.Reshape(read, -1, group, x[0]/group*kernel, points)
	y := p.Op("MatMul", []string{p.Reshape(p.Node.Input(1), group, w[0]/group, -1), rows})
	y = p.Reshape(y, -1, w[0], out[0], out[1])
	if p.Has(3) {
		y = p.Add(y, p.Reshape(p.Node.Input(3), -1, 1, 1))
	}
	p.Become(0, y)
	return nil
}

// roiAlignDecomposition reads the regions at the points of a grid and averages over
// those of each bin.
func roiAlignDecomposition(p *Decomposition) error {
	x, ok := p.In(0).Shape[1:].Ints()
	each := p.Node.Int("sampling_ratio", 0)
	switch {
	case p.Node.Str("mode", "avg") != "avg":
		return NoDecomposition("it takes the greatest of what it reads")
	case each < 1:
		return NoDecomposition("how many points it reads follows from each region")
	case !ok || p.In(0).Elem != onnxio.Float32 || x[1]*x[2] > maxSampled:
		return NoDecomposition("the extents of its float32 image %v are not all known", p.In(0).Shape)
	}
	half, least := float32(0.5), false
	if p.Node.Str("coordinate_transformation_mode", "half_pixel") == "output_half_pixel" {
		half, least = 0, true
	}
	corners := p.pieces(p.Node.Input(1), 1, 4, 1) // [regions,1]: x and y of the first, then of the last
	for i, c := range corners {
		corners[i] = p.Sub(p.Mul(c, p.Scalar(p.Node.Float("spatial_scale", 1))), p.Scalar(half))
	}
	bins := []int64{p.Node.Int("output_height", 1), p.Node.Int("output_width", 1)}
	points := []int64{bins[0] * each, bins[1] * each}
	taps, there := make([][]tap, 2), ""
	for d := range taps {
		from, to := corners[1-d], corners[3-d]
		size := p.Sub(to, from)
		if least {
			size = p.Op("Max", []string{size, p.Scalar(1)})
		}
		share := make([]float32, points[0]*points[1])
		for i := range share {
			k := int64(i) / points[1]
			if d == 1 {
				k = int64(i) % points[1]
			}
			share[i] = (float32(k) + 0.5) / float32(points[d])
		}
		at := p.Add(from, p.Mul(size, p.Floats(share, 1, int64(len(share)))))
		n := float32(x[1+d])
		// Beyond one position outside nothing is read.
		inside := p.Mask(p.Op("Equal", []string{at, p.Op("Clip", []string{at, p.Scalar(-1), p.Scalar(n)})}))
		there = p.product(there, inside)
		taps[d] = p.linearTaps(p.Op("Clip", []string{at, p.Scalar(0), p.Scalar(n - 1)}))
	}
	image := p.Op("Gather", []string{p.Node.Input(0), p.Node.Input(2)})
	read := p.sampled(image, x[0], x[1:], taps, true)
	read = p.Mul(read, p.Op("Unsqueeze", []string{there, p.List(1)}))
	p.Become(0, p.Mean(p.Reshape(read, 0, 0, bins[0], each, bins[1], each), false, 3, 5))
	return nil
}
