package pixel

// Shape is the size of an image: channels, height and width.
type Shape struct{ C, H, W int }

// Size returns the number of values.
func (s Shape) Size() int { return s.C * s.H * s.W }
