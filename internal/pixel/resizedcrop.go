package pixel

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// ResizedCrop takes a random part of an image and resizes it to the image's
// size, as torchvision's RandomResizedCrop does: an area that is uniform
// between two shares of the image's, a shape whose logarithm is uniform, ten
// tries to fit it in, else the largest part in the middle that has such a
// shape. The zero value is none.
//
// Parts are no larger than what they are resized to, so bilinear interpolation
// needs no filter against aliasing.
type ResizedCrop struct {
	Scale [2]float64 // least and greatest area; torchvision's are 0.08 and 1
	Ratio [2]float64 // least and greatest width over height; zero is 3/4 and 4/3
}

func (r ResizedCrop) check() error {
	lo, hi := r.ratio()
	switch {
	case r == ResizedCrop{}:
		return nil
	case !(r.Scale[0] > 0 && r.Scale[0] <= r.Scale[1] && r.Scale[1] <= 1):
		return fmt.Errorf("augment: a crop of %v to %v of the area: want rising shares above 0 and at most 1", r.Scale[0], r.Scale[1])
	case !(lo > 0 && lo <= hi) || math.IsInf(hi, 0):
		return fmt.Errorf("augment: a crop with a width of %v to %v of its height: want rising numbers above 0", lo, hi)
	}
	return nil
}

func (r ResizedCrop) ratio() (lo, hi float64) {
	if r.Ratio == [2]float64{} {
		return 3.0 / 4, 4.0 / 3
	}
	return r.Ratio[0], r.Ratio[1]
}

// box is a part of an image.
type box struct{ top, left, h, w int }

func (r ResizedCrop) draw(rng *rand.Rand, s Shape) box {
	lo, hi := r.ratio()
	const tries = 10
	for range tries {
		area := float64(s.H*s.W) * (r.Scale[0] + rng.Float64()*(r.Scale[1]-r.Scale[0]))
		ratio := math.Exp(math.Log(lo) + rng.Float64()*(math.Log(hi)-math.Log(lo)))
		w, h := int(math.RoundToEven(math.Sqrt(area*ratio))), int(math.RoundToEven(math.Sqrt(area/ratio)))
		if w > 0 && w <= s.W && h > 0 && h <= s.H {
			return box{rng.IntN(s.H - h + 1), rng.IntN(s.W - w + 1), h, w}
		}
	}
	w, h := s.W, s.H
	switch ratio := float64(w) / float64(h); {
	case ratio < lo:
		h = int(math.RoundToEven(float64(w) / lo))
	case ratio > hi:
		w = int(math.RoundToEven(float64(h) * hi))
	}
	w, h = max(w, 1), max(h, 1)
	return box{(s.H - h) / 2, (s.W - w) / 2, h, w}
}

// resizeBox stretches a part of src over the whole of dst, bilinearly with
// half-pixel centres. The part is no larger than the image.
func resizeBox(s Shape, src, dst []float32, b box) {
	_ = WithFloats(2*s.W, func(rows []float32) error {
		above, below := rows[:s.W], rows[s.W:]
		for c := range s.C {
			plane := src[c*s.H*s.W:]
			last := [2]int{-1, -1} // the rows of the part that above and below hold
			for y := range s.H {
				y0, y1, fy := between(y, s.H, b.h)
				if last != [2]int{y0, y1} {
					if last[1] == y0 {
						above, below = below, above
					} else {
						stretch(plane[(b.top+y0)*s.W+b.left:][:b.w], above)
					}
					stretch(plane[(b.top+y1)*s.W+b.left:][:b.w], below)
					last = [2]int{y0, y1}
				}
				out := dst[(c*s.H+y)*s.W:][:s.W]
				for x, v := range above {
					out[x] = v + fy*(below[x]-v)
				}
			}
		}
		return nil
	})
}

// stretch resizes a row to a longer one.
func stretch(src, dst []float32) {
	for x := range dst {
		x0, x1, f := between(x, len(dst), len(src))
		dst[x] = src[x0] + f*(src[x1]-src[x0])
	}
}

// between is where position o of so many out falls among in: the positions
// before and behind it, and how far it is from the first to the second.
func between(o, out, in int) (first, second int, share float32) {
	at := (float64(o)+0.5)*float64(in)/float64(out) - 0.5
	first = int(max(at, 0))
	return first, min(first+1, in-1), float32(max(at, 0) - float64(first))
}
