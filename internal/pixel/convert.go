package pixel

// Conversion brings planes of one shape to another size and other colours.
type Conversion struct {
	From, To Shape
	Place    Placement
	Bicubic  bool
	BGR      bool // blue comes first
}

// Changes reports whether there is anything to do.
func (c Conversion) Changes() bool { return c.To != c.From || c.BGR && c.From.C == 3 }

// Source returns room for 8-bit planes to be converted.
func (c Conversion) Source(s *Scratch) []uint8 { return Grow(&s.pixels, c.From.Size()) }

// Bytes converts planes of 8 bits, over which it may write, as Decode does.
func (c Conversion) Bytes(src, dst []uint8, s *Scratch) {
	r := raster{c: c.From.C, h: c.From.H, w: c.From.W, pix: src}
	if c.To.C < r.c {
		greyOf(r.plane(0), r.plane(1), r.plane(2))
		r.c = 1
	}
	resize(r, r.h, r.w, c.Place, c.Bicubic, dst, s)
	finishColours(dst, r.c, c.To, c.BGR)
}

// Floats converts other values, over which it may write. They are not rounded or
// limited.
func (c Conversion) Floats(src, dst []float32) {
	middle := Shape{min(c.From.C, c.To.C), c.From.H, c.From.W}
	if c.To.C < c.From.C {
		greyFloats(src, src[:middle.Size()])
	}
	f := bilinear
	if c.Bicubic {
		f = bicubic
	}
	resample(src[:middle.Size()], middle, c.Place, f, dst)
	finishColours(dst, middle.C, c.To, c.BGR)
}

// greyFloats writes the luma of ITU-R 601 over the first plane.
func greyFloats(src, dst []float32) {
	n := len(dst)
	for i := range dst {
		dst[i] = luma(src[i], src[n+i], src[2*n+i])
	}
}

func luma(r, g, b float32) float32 {
	if r == g && g == b {
		return r // exactly
	}
	return 0.299*r + 0.587*g + 0.114*b
}
