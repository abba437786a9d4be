package op

import "github.com/prunefuse/prunefuse/onnxio"

// tap is a position on one spatial axis that is read at a point, and how much
// it counts: values [N,points], the position not yet a whole number inside.
type tap struct{ at, weight string }

// sampled reads x [N,C,spatial…] at points: taps of every spatial axis, of
// the given extents, count as the product of their weights. It gives
// [N,C,points]. Where clamp is, positions outside count as the nearest one
// inside; elsewhere as zero.
func (e *Emit) sampled(x string, channels int64, extents []int64, taps [][]tap, clamp bool) string {
	flat := e.Reshape(x, 0, 0, -1)
	sum := ""
	pick := make([]int, len(taps))
	for {
		var at, weight string
		for d, k := range pick {
			t := taps[d][k]
			inside := e.Op("Clip", []string{t.at, e.Scalar(0), e.Scalar(float32(extents[d] - 1))})
			w := t.weight
			if !clamp {
				w = e.product(w, e.Mask(e.Op("Equal", []string{inside, t.at})))
			}
			weight = e.product(weight, w)
			if at != "" {
				at = e.Mul(at, e.Scalar(float32(extents[d])))
			}
			at = e.both(at, inside)
		}
		index := e.Op("Cast", []string{e.Op("Unsqueeze", []string{at, e.List(1)})}, onnxio.Int("to", int64(onnxio.Int64)))
		index = e.Op("Expand", []string{index, e.List(1, channels, 1)})
		read := e.Op("GatherElements", []string{flat, index}, onnxio.Int("axis", 2))
		if weight != "" {
			read = e.Mul(read, e.Op("Unsqueeze", []string{weight, e.List(1)}))
		}
		sum = e.both(sum, read)
		if !next(pick, taps) {
			return sum
		}
	}
}

// product is that of two values that are 1 where they are "".
func (e *Emit) product(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return e.Mul(a, b)
}

// next goes on to the next choice of one tap an axis.
func next(pick []int, taps [][]tap) bool {
	for d := range pick {
		if pick[d]++; pick[d] < len(taps[d]) {
			return true
		}
		pick[d] = 0
	}
	return false
}

// maxSampled is how many positions are counted exactly as a float32.
const maxSampled = 1 << 24

// linearTaps returns the two positions about a point.
func (e *Emit) linearTaps(at string) []tap {
	low := e.Of("Floor", at)
	share := e.Sub(at, low)
	return []tap{{low, e.Sub(e.Scalar(1), share)}, {e.Add(low, e.Scalar(1)), share}}
}

// cubicTaps returns the four positions about a point, weighed as by cubic
// convolution (Keys 1981) with a = −0.75.
func (e *Emit) cubicTaps(at string) []tap {
	const a = -0.75
	low := e.Of("Floor", at)
	share := e.Sub(at, low)
	poly := func(x string, c ...float32) string { // c0 + x·(c1 + x·(c2 + x·c3))
		y := e.Scalar(c[3])
		for i := 2; i >= 0; i-- {
			y = e.Add(e.Mul(y, x), e.Scalar(c[i]))
		}
		return y
	}
	near := func(x string) string { return poly(x, 1, 0, -(a + 3), a+2) }
	far := func(x string) string { return poly(x, -4*a, 8*a, -5*a, a) }
	one := e.Scalar(1)
	rest := e.Sub(one, share)
	return []tap{
		{e.Sub(low, one), far(e.Add(share, one))},
		{low, near(share)},
		{e.Add(low, one), near(rest)},
		{e.Add(low, e.Scalar(2)), far(e.Add(rest, one))},
	}
}

// reflected turns positions beyond the ends back inside.
func (e *Emit) reflected(at string, low, high float32) string {
	span := high - low
	if span <= 0 {
		return e.Mul(at, e.Scalar(0))
	}
	// A triangle wave: the distance from the nearest even multiple of the
	// span.
	x := e.Sub(at, e.Scalar(low))
	turn := e.Of("Round", e.Div(x, e.Scalar(2*span)))
	return e.Add(e.Of("Abs", e.Sub(x, e.Mul(turn, e.Scalar(2*span)))), e.Scalar(low))
}

func gridSampleDecomposition(p *Decomposition) error {
	s := p.In(0).Shape
	dims, ok := append(s[1:].Clone(), p.In(1).Shape[1:]...).Ints()
	r := len(s) - 2
	size := int64(1)
	if ok {
		for _, n := range dims[1 : 1+r] {
			size *= n
		}
	}
	if !ok || size < 1 || size > maxSampled || p.In(0).Elem != onnxio.Float32 {
		return NoDecomposition("the extents of its float32 image %v and grid %v are not all known", s, p.In(1).Shape)
	}
	channels, extents, out := dims[0], dims[1:1+r], dims[1+r:len(dims)-1]
	mode, padding := p.Node.Str("mode", "linear"), p.Node.Str("padding_mode", "zeros")
	align := p.Node.Int("align_corners", 0) != 0
	grid := p.Reshape(p.Node.Input(1), 0, -1, int64(r))
	taps := make([][]tap, r)
	for d, at := range p.pieces(grid, 2, int64(r), 1) {
		k := r - 1 - d
		n := float32(extents[k])
		at = p.Op("Squeeze", []string{at, p.List(2)})
		fold := func(at string) string {
			switch {
			case padding != "reflection":
				return at
			case align:
				return p.reflected(at, 0, n-1)
			}
			return p.reflected(at, -0.5, n-0.5)
		}
		if align {
			at = p.Mul(p.Add(at, p.Scalar(1)), p.Scalar((n-1)/2))
		} else {
			at = p.Sub(p.Mul(p.Add(at, p.Scalar(1)), p.Scalar(n/2)), p.Scalar(0.5))
		}
		switch mode {
		case "nearest":
			taps[k] = []tap{{p.Of("Round", fold(at)), ""}}
		case "cubic", "bicubic":
			taps[k] = p.cubicTaps(at)
			for i := range taps[k] {
				taps[k][i].at = fold(taps[k][i].at)
			}
		default:
			if at = fold(at); padding != "zeros" {
				at = p.Op("Clip", []string{at, p.Scalar(0), p.Scalar(n - 1)})
			}
			taps[k] = p.linearTaps(at)
		}
	}
	y := p.sampled(p.Node.Input(0), channels, extents, taps, padding != "zeros")
	p.Become(0, p.Reshape(y, append([]int64{0, 0}, out...)...))
	return nil
}

func affineGridDecomposition(p *Decomposition) error {
	size, ok := p.Dims(1)
	dims, known := onnxio.Shape(size[min(2, len(size)):]).Ints()
	if !ok || !known || len(dims) < 2 {
		return NoDecomposition("the size it is laid out over is not known")
	}
	align := p.Node.Int("align_corners", 0) != 0
	points := int64(1)
	for _, n := range dims {
		if n < 1 || (align && n < 2) {
			return NoDecomposition("its size %v has no two corners to align", dims)
		}
		points *= n
	}
	r := len(dims)
	base := make([]float32, 0, points*int64(r+1))
	for i := range points {
		rest, row := i, make([]float32, r+1)
		for d := r - 1; d >= 0; d-- {
			k, n := float32(rest%dims[d]), float32(dims[d])
			rest /= dims[d]
			if align {
				row[r-1-d] = 2*k/(n-1) - 1
			} else {
				row[r-1-d] = (2*k+1)/n - 1
			}
		}
		row[r] = 1
		base = append(base, row...)
	}
	y := p.Op("MatMul", []string{p.Floats(base, points, int64(r+1)), p.Transpose(p.Node.Input(0), 0, 2, 1)})
	p.Become(0, p.Reshape(y, append(append([]int64{0}, dims...), int64(r))...))
	return nil
}
