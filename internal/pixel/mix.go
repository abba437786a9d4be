package pixel

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/stat/distuv"
)

// Mix blends every sample of a batch with the one before it, the first with
// the last, by one share for the batch, as torchvision's reference scripts do.
// The targets blend by the same share. The zero value is none; of two one is
// drawn for each batch.
type Mix struct {
	// Mixup adds samples up, λ of one and 1−λ of the other, with λ from a
	// beta distribution with both parameters this: Zhang et al., arXiv
	// 1710.09412.
	Mixup float64
	// Cutmix puts a rectangle of the other sample into one, of 1−λ of the
	// area where it does not reach beyond the border: Yun et al., arXiv
	// 1905.04899.
	Cutmix float64
}

// Check reports whether batches can be mixed so.
func (m Mix) Check() error {
	for _, p := range []struct {
		name  string
		alpha float64
	}{{"mixup", m.Mixup}, {"cutmix", m.Cutmix}} {
		if !(p.alpha >= 0) || math.IsInf(p.alpha, 0) {
			return fmt.Errorf("augment: the parameter %v of %s: want a number above 0", p.alpha, p.name)
		}
	}
	return nil
}

// Blend is how the samples of one batch are mixed.
type Blend struct {
	Keep float32 // the share of a target that stays
	box  box     // what comes from the other sample; all zero for a mixup
}

// Draw determines how to mix a batch.
func (m Mix) Draw(rng *rand.Rand, s Shape) Blend {
	cut := m.Cutmix > 0 && (m.Mixup == 0 || rng.Uint64()&1 == 1)
	alpha := m.Mixup
	if cut {
		alpha = m.Cutmix
	}
	keep := distuv.Beta{Alpha: alpha, Beta: alpha, Src: rng}.Rand()
	if math.IsNaN(keep) { // both gamma variates were too small to be told from 0
		keep = float64(rng.IntN(2))
	}
	if !cut {
		return Blend{Keep: float32(keep)}
	}
	y, x := rng.IntN(s.H), rng.IntN(s.W)
	half := math.Sqrt(1-keep) / 2
	dy, dx := int(half*float64(s.H)), int(half*float64(s.W))
	b := box{top: max(y-dy, 0), left: max(x-dx, 0)}
	b.h, b.w = min(y+dy, s.H)-b.top, min(x+dx, s.W)-b.left
	if b.h == 0 || b.w == 0 {
		return Blend{Keep: 1}
	}
	return Blend{Keep: 1 - float32(b.h*b.w)/float32(s.H*s.W), box: b}
}

// Samples writes a blend of two samples to dst.
func (b Blend) Samples(s Shape, dst, one, other []float32) {
	if b.box == (box{}) {
		b.Targets(dst, one, other)
		return
	}
	copy(dst, one)
	for c := range s.C {
		for y := b.box.top; y < b.box.top+b.box.h; y++ {
			at := (c*s.H+y)*s.W + b.box.left
			copy(dst[at:][:b.box.w], other[at:])
		}
	}
}

// Targets writes a blend of two rows of targets to dst.
func (b Blend) Targets(dst, one, other []float32) {
	for i, v := range one {
		dst[i] = b.Keep*v + (1-b.Keep)*other[i]
	}
}
