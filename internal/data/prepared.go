package data

// Prepared is a set as a model takes it: every sample normalised, nothing
// augmented. It has the methods that a pool to be scored needs. Its methods
// are safe for concurrent use.
type Prepared struct {
	Set
	pre Preprocess
}

// Prepare puts the preprocessing before every read of the set. Preprocessing
// that does not fit the samples is an error.
func Prepare(s Set, p Preprocess) (*Prepared, error) {
	if err := p.Check(s.Shape()); err != nil {
		return nil, err
	}
	return &Prepared{s, p}, nil
}

// Shape is that of every sample: channels, height, width.
func (p *Prepared) Shape() []int {
	s := p.Set.Shape()
	return []int{s.C, s.H, s.W}
}

// Read writes sample i, normalised, to dst.
func (p *Prepared) Read(i int, dst []float32) error {
	if err := p.Set.Read(i, dst); err != nil {
		return err
	}
	return p.pre.Apply(dst, p.Set.Shape())
}
