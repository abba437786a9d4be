package pixel

import (
	"errors"
	"fmt"
	"math/rand/v2"
)

// Augment is a random change of a training image, in this order: a part of it
// resized to its size, or a crop of its size out of the image padded with
// zeros on every side; then a horizontal flip. The zero value changes nothing.
//
// Applied before normalisation the padding is black, as with torchvision's
// RandomCrop on images; applied after it, the padding is the mean.
type Augment struct {
	Pad    int         // pixels of padding on each side; 4 for 32×32
	Resize ResizedCrop // instead of a padded crop
	Flip   bool        // mirror left and right with probability 1/2
}

// Check reports whether the change can be made.
func (a Augment) Check() error {
	switch {
	case a.Pad < 0:
		return fmt.Errorf("augment: a padding of %d pixels", a.Pad)
	case a.Pad > 0 && a.Resize != (ResizedCrop{}):
		return errors.New("augment: a padded crop and a resized one exclude each other")
	}
	return a.Resize.check()
}

// Apply writes a random change of the sample src to dst, which must not overlap
// it. What is drawn from rng, and in which order, is a function of a and the
// shape alone: the place of the crop, then the flip, each where it is asked for.
func (a Augment) Apply(rng *rand.Rand, shape Shape, src, dst []float32) {
	switch {
	case a.Resize != (ResizedCrop{}):
		resizeBox(shape, src, dst, a.Resize.draw(rng, shape))
	case a.Pad > 0:
		dy := rng.IntN(2*a.Pad+1) - a.Pad
		dx := rng.IntN(2*a.Pad+1) - a.Pad
		shift(shape, src, dst, dy, dx)
	default:
		copy(dst, src)
	}
	if a.Flip && rng.Uint64()&1 == 1 {
		mirror(shape, dst)
	}
}

// shift sets dst(y, x) to src(y+dy, x+dx), zero outside.
func shift(shape Shape, src, dst []float32, dy, dx int) {
	h, w := shape.H, shape.W
	from, to := max(0, -dx), min(w, w-dx) // the columns of dst that src covers
	for c := range shape.C {
		for y := range h {
			row := dst[(c*h+y)*w:][:w]
			clear(row)
			if sy := y + dy; sy >= 0 && sy < h && from < to {
				copy(row[from:to], src[(c*h+sy)*w+from+dx:])
			}
		}
	}
}

// mirror turns a sample left to right.
func mirror(shape Shape, x []float32) {
	for start := 0; start < len(x); start += shape.W {
		row := x[start:][:shape.W]
		for l, r := 0, len(row)-1; l < r; l, r = l+1, r-1 {
			row[l], row[r] = row[r], row[l]
		}
	}
}
