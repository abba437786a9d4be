package data

import "math/rand/v2"

// Augment is the random change of a training image that the PruneFuse paper
// uses: a crop of the image's own size out of the image padded with zeros on
// every side, then a horizontal flip. The zero value changes nothing.
//
// Applied before [Preprocess] the padding is black, as with torchvision's
// RandomCrop on images; applied after it, the padding is the mean.
type Augment struct {
	Pad  int  // pixels of padding on each side; 4 for 32×32
	Flip bool // mirror left and right with probability 1/2
}

// Apply writes a random change of the sample src to dst, which must not overlap
// it. It draws the same number of values from rng for every sample: the row
// shift, the column shift and the flip, each where it is asked for.
func (a Augment) Apply(rng *rand.Rand, shape Shape, src, dst []float32) {
	var dy, dx int
	if a.Pad > 0 {
		dy = rng.IntN(2*a.Pad+1) - a.Pad
		dx = rng.IntN(2*a.Pad+1) - a.Pad
	}
	flip := a.Flip && rng.Uint64()&1 == 1
	shift(shape, src, dst, dy, dx, flip)
}

// shift sets dst(y, x) to src(y+dy, x+dx), zero outside, mirrored with flip.
func shift(shape Shape, src, dst []float32, dy, dx int, flip bool) {
	h, w := shape.H, shape.W
	from, to := max(0, -dx), min(w, w-dx) // the columns of dst that src covers
	for c := range shape.C {
		for y := range h {
			row := dst[(c*h+y)*w:][:w]
			clear(row)
			if sy := y + dy; sy >= 0 && sy < h && from < to {
				copy(row[from:to], src[(c*h+sy)*w+from+dx:])
			}
			if flip {
				for l, r := 0, w-1; l < r; l, r = l+1, r-1 {
					row[l], row[r] = row[r], row[l]
				}
			}
		}
	}
}
