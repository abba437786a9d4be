package data

import "github.com/prunefuse/prunefuse/internal/pixel"

// Prepared is a set as a model takes it: every sample normalised, nothing
// augmented. It has the methods that a pool to be scored needs. Its methods
// are safe for concurrent use.
type Prepared struct {
	Set
	pre   Preprocess
	nhwc  bool
	shape []int

	// Samples of 8 bits are normalised by a table for each channel.
	pixels func(i int, dst []uint8) error
	tables [][256]float32
}

// Prepare puts the preprocessing before every read of the set. Preprocessing
// that does not fit the samples is an error.
func Prepare(s Set, p Preprocess) (*Prepared, error) {
	if err := p.Check(s.Shape()); err != nil {
		return nil, err
	}
	r := &Prepared{Set: s, pre: p, shape: s.Shape(), pixels: pixelsOf(s)}
	if c, h, w, ok := s.Shape().Image(); ok && p.Layout == "NHWC" {
		r.nhwc, r.shape = true, []int{h, w, c}
	}
	if r.pixels != nil {
		r.tables = make([][256]float32, s.Shape().Channels())
		for c := range r.tables {
			r.tables[c] = unit
			p.channel(r.tables[c][:], c)
		}
	}
	return r, nil
}

// Subset returns the samples at the given indices, in that order, prepared in the
// same way. Closing its Set closes that of p.
func (p *Prepared) Subset(indices []int) *Prepared {
	out, err := Prepare(Subset(p.Set, indices), p.pre)
	if err != nil {
		panic("BUG: samples that were prepared cannot be: " + err.Error())
	}
	return out
}

// Shape is that of every sample; of images channels, height and width in the order
// of the preprocessing's layout.
func (p *Prepared) Shape() []int { return p.shape }

// Read writes sample i, normalised, to dst.
func (p *Prepared) Read(i int, dst []float32) error {
	if !p.nhwc {
		return p.read(i, dst)
	}
	return pixel.WithFloats(len(dst), func(planes []float32) error {
		if err := p.read(i, planes); err != nil {
			return err
		}
		channels := p.Set.Shape().Channels()
		plane := len(planes) / channels
		for c := range channels {
			for k, v := range planes[c*plane:][:plane] {
				dst[k*channels+c] = v
			}
		}
		return nil
	})
}

// read writes sample i, channel after channel.
func (p *Prepared) read(i int, dst []float32) error {
	s := p.Set.Shape()
	if p.pixels == nil {
		if err := p.Set.Read(i, dst); err != nil {
			return err
		}
		return p.pre.Apply(dst, s)
	}
	if err := checkDst(dst, s); err != nil {
		return err
	}
	return withBuffer(len(dst), func(pixels []byte) error {
		if err := p.pixels(i, pixels); err != nil {
			return err
		}
		plane := len(dst) / len(p.tables)
		for c := range p.tables {
			lookUp(&p.tables[c], pixels[c*plane:][:plane], dst[c*plane:])
		}
		return nil
	})
}
