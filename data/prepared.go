package data

// Prepared is a set as a model takes it: every sample normalised, nothing
// augmented. It has the methods that a pool to be scored needs. Its methods
// are safe for concurrent use.
type Prepared struct {
	Set
	pre  Preprocess
	nhwc bool

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
	r := &Prepared{Set: s, pre: p, nhwc: p.Layout == "NHWC", pixels: pixelsOf(s)}
	if r.pixels != nil {
		r.tables = make([][256]float32, s.Shape().C)
		for c := range r.tables {
			r.tables[c] = unit
			p.channel(r.tables[c][:], c)
		}
	}
	return r, nil
}

// Shape is that of every sample: channels, height, width in the order of the
// preprocessing's layout.
func (p *Prepared) Shape() []int {
	s := p.Set.Shape()
	if p.nhwc {
		return []int{s.H, s.W, s.C}
	}
	return []int{s.C, s.H, s.W}
}

// Read writes sample i, normalised, to dst.
func (p *Prepared) Read(i int, dst []float32) error {
	if !p.nhwc {
		return p.read(i, dst)
	}
	return withFloats(p.Set.Shape().Size(), func(planes []float32) error {
		if err := p.read(i, planes); err != nil {
			return err
		}
		s := p.Set.Shape()
		plane := s.H * s.W
		for c := range s.C {
			for k, v := range planes[c*plane:][:plane] {
				dst[k*s.C+c] = v
			}
		}
		return nil
	})
}

// read writes sample i in C, H, W order.
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
		plane := s.H * s.W
		for c := range s.C {
			lookUp(&p.tables[c], pixels[c*plane:][:plane], dst[c*plane:])
		}
		return nil
	})
}
