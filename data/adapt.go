package data

import "fmt"

// adapt brings the samples of s to the colours and the size of the options,
// unless they are images, which see to that themselves.
func adapt(s Set, opts Options) (Set, error) {
	if _, images := s.(*imageSet); images || opts.Implied {
		return s, nil
	}
	from := s.Shape()
	place, err := opts.geometry().place(from.H, from.W)
	if err != nil {
		return nil, fmt.Errorf("samples of %v: %w", from, err)
	}
	to := Shape{from.C, place.h, place.w}
	if c := opts.channels(); c != 0 {
		to.C = c
		if from.C != 1 && from.C != 3 {
			return nil, fmt.Errorf("samples of %v have no colours to convert to %d channels", from, c)
		}
	}
	swap := opts.Color == "bgr" && from.C == 3
	if to == from && !swap {
		return s, nil
	}
	a := adapted{s, from, to, place, opts.Filter == "bicubic", swap}
	if read := pixelsOf(s); read != nil {
		return &adaptedPixels{a, read}, nil
	}
	return &adaptedFloats{a}, nil
}

type adapted struct {
	Set
	from, to Shape
	place    placement
	cubic    bool
	swap     bool // blue comes first
}

func (a *adapted) Shape() Shape { return a.to }
func (a *adapted) Close() error { return Close(a.Set) }

// adaptedPixels treats 8-bit samples as images are treated.
type adaptedPixels struct {
	adapted
	read func(i int, dst []uint8) error
}

func (a *adaptedPixels) Read(i int, dst []float32) error { return readUnit(a, i, dst) }

func (a *adaptedPixels) readPixels(i int, dst []uint8) error {
	return withScratch(func(mem *scratch) error {
		r := raster{c: a.from.C, h: a.from.H, w: a.from.W, pix: grow(&mem.pixels, a.from.Size())}
		if err := a.read(i, r.pix); err != nil {
			return err
		}
		if a.to.C < r.c {
			greyOf(r.plane(0), r.plane(1), r.plane(2))
			r.c = 1
		}
		resize(r, r.h, r.w, a.place, a.cubic, dst, mem)
		finishColours(dst, r.c, a.to, a.swap)
		return nil
	})
}

// adaptedFloats is for other values. They are not rounded or limited.
type adaptedFloats struct{ adapted }

func (a *adaptedFloats) Read(i int, dst []float32) error {
	if err := checkDst(dst, a.to); err != nil {
		return err
	}
	return withFloats(a.from.Size(), func(src []float32) error {
		if err := a.Set.Read(i, src); err != nil {
			return err
		}
		middle := Shape{min(a.from.C, a.to.C), a.from.H, a.from.W}
		if a.to.C < a.from.C {
			greyFloats(src, src[:middle.Size()])
		}
		f := bilinear
		if a.cubic {
			f = bicubic
		}
		resample(src[:middle.Size()], middle, a.place, f, dst)
		finishColours(dst, middle.C, a.to, a.swap)
		return nil
	})
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
