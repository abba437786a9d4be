package data

import "fmt"

// adapt converts the samples of s to the channels and the size of the options.
func adapt(s Set, opts Options) (Set, error) {
	from := s.Shape()
	to := from
	if opts.Channels != 0 {
		to.C = opts.Channels
	}
	if opts.Size != [2]int{} {
		to.H, to.W = opts.Size[0], opts.Size[1]
	}
	if to == from {
		return s, nil
	}
	if to.C != from.C && from.C != 1 && from.C != 3 {
		return nil, fmt.Errorf("samples of %v have no colours to convert to %d channels", from, to.C)
	}
	return &adapted{s, from, to}, nil
}

type adapted struct {
	Set
	from, to Shape
}

func (a *adapted) Shape() Shape { return a.to }
func (a *adapted) Close() error { return Close(a.Set) }

func (a *adapted) Read(i int, dst []float32) error {
	if err := checkDst(dst, a.to); err != nil {
		return err
	}
	return withFloats(a.from.Size(), func(src []float32) error {
		if err := a.Set.Read(i, src); err != nil {
			return err
		}
		middle := Shape{a.to.C, a.from.H, a.from.W}
		if middle == a.from {
			resample(src, middle, dst, a.to.H, a.to.W)
			return nil
		}
		return withFloats(middle.Size(), func(converted []float32) error {
			convertChannels(src, converted)
			resample(converted, middle, dst, a.to.H, a.to.W)
			return nil
		})
	})
}

// convertChannels makes one plane of three, or three of one, as the lengths
// tell.
func convertChannels(src, dst []float32) {
	if len(dst) > len(src) {
		for c := range 3 {
			copy(dst[c*len(src):], src)
		}
		return
	}
	n := len(dst)
	for i := range dst {
		dst[i] = luma(src[i], src[n+i], src[2*n+i])
	}
}
