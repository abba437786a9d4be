package data

import (
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// looks is how many samples are looked at to see whether their values are of the
// range that a model means.
const looks = 16

// farOff is how many deviations from the mean values are, on average, that are of
// another range: pixels up to 255 where they are to be at most 1.
const farOff = 20

// checkRange refuses a set whose values are not of the range that the model's mean
// and deviation are of: floats up to 255 where these are of pixels up to 1, or pixels
// from 0 to 1 where they are of pixels up to 255.
func (in Input) checkRange(s Set) error {
	p := in.Preprocess
	if len(p.Mean) == 0 || p.Check(s.Shape()) != nil {
		return nil // nothing is known, or it is refused for itself
	}
	if pixelsOf(s) != nil {
		for _, m := range p.Mean {
			if m > 2 || m < -1 {
				return fmt.Errorf("a mean of %v is not one of pixels, which are from 0 to 1; divide means and deviations of pixels up to 255 by 255", m)
			}
		}
		return nil
	}
	var off, low, high float64
	n := min(looks, s.Len())
	for k := range n {
		sum, ok := in.deviations(s, k*s.Len()/n, &low, &high)
		if !ok {
			return nil // it is told when it is read
		}
		off += sum / float64(n)
	}
	if off <= farOff {
		return nil
	}
	return fmt.Errorf("its values, from %.4g to %.4g, are %.0f deviations from the model's mean of %v: they are of another range; scale them, store pixels as bytes, or say --mean and --std",
		low, high, off, p.Mean)
}

// deviations is how many sample i is from the mean, on average.
func (in Input) deviations(s Set, i int, low, high *float64) (off float64, ok bool) {
	shape := s.Shape()
	err := pixel.WithFloats(shape.Size(), func(x []float32) error {
		if err := s.Read(i, x); err != nil {
			return err
		}
		plane := len(x) / shape.Channels()
		for k, v := range x {
			mean, std := in.Preprocess.Channel(k / plane)
			off += math.Abs(float64((v-mean)/std)) / float64(len(x))
			*low, *high = min(*low, float64(v)), max(*high, float64(v))
		}
		return nil
	})
	return off, err == nil && !math.IsNaN(off)
}
