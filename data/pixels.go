package data

// pixelReader is a set of 8-bit samples that can be had as such.
type pixelReader interface {
	Set
	// readPixels writes sample i in the order of its shape to dst, which has
	// Shape().Size() values.
	readPixels(i int, dst []uint8) error
}

// unit maps an 8-bit value to [0, 1].
var unit = func() (t [256]float32) {
	for i := range t {
		t[i] = float32(i) / 255
	}
	return t
}()

// readUnit is the Read of a pixelReader.
func readUnit(s pixelReader, i int, dst []float32) error {
	if err := checkDst(dst, s.Shape()); err != nil {
		return err
	}
	return withBuffer(len(dst), func(pixels []byte) error {
		if err := s.readPixels(i, pixels); err != nil {
			return err
		}
		lookUp(&unit, pixels, dst)
		return nil
	})
}

func lookUp(table *[256]float32, pixels []uint8, dst []float32) {
	dst = dst[:len(pixels)]
	for i, v := range pixels {
		dst[i] = table[v]
	}
}

// pixelsOf returns what reads the samples of s as 8-bit values, nil where it
// does not have them.
func pixelsOf(s Set) func(i int, dst []uint8) error {
	switch s := s.(type) {
	case pixelReader:
		return s.readPixels
	case *relabelled:
		return pixelsOf(s.Set)
	case *subset:
		read := pixelsOf(s.Set)
		if read == nil {
			return nil
		}
		return func(i int, dst []uint8) error { return read(s.indices[i], dst) }
	case *matched:
		return pixelsOf(s.Set)
	case *prefixed:
		return pixelsOf(s.Set)
	case *Remainder:
		read := pixelsOf(s.Set)
		if read == nil {
			return nil
		}
		return func(i int, dst []uint8) error { return read(s.At(i), dst) }
	case *joined:
		reads := make([]func(int, []uint8) error, len(s.sets))
		for k, part := range s.sets {
			if reads[k] = pixelsOf(part); reads[k] == nil {
				return nil
			}
		}
		return func(i int, dst []uint8) error {
			k, i := s.at(i)
			return reads[k](i, dst)
		}
	}
	return nil
}
