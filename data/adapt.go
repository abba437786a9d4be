package data

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// adapt brings the samples of s to the colours and the size of the options,
// unless they are images, which see to that themselves.
func adapt(s Set, opts Options) (Set, error) {
	if _, images := s.(*imageSet); images || opts.Implied || !opts.converts() {
		return s, nil
	}
	if len(s.Shape()) != 3 {
		return nil, fmt.Errorf("samples of %v are no images, and have no size or colours to convert", s.Shape())
	}
	from := s.Shape().planes()
	place, err := opts.geometry().Place(from.H, from.W)
	if err != nil {
		return nil, fmt.Errorf("samples of %v: %w", s.Shape(), err)
	}
	to := pixel.Shape{C: from.C, H: place.H, W: place.W}
	if c := opts.channels(); c != 0 {
		to.C = c
		if from.C != 1 && from.C != 3 {
			return nil, fmt.Errorf("samples of %v have no colours to convert to %d channels", s.Shape(), c)
		}
	}
	convert := pixel.Conversion{From: from, To: to, Place: place, Bicubic: opts.Filter == "bicubic", BGR: opts.Color == "bgr"}
	if !convert.Changes() {
		return s, nil
	}
	a := adapted{s, convert, shapeOf(to)}
	if read := pixelsOf(s); read != nil {
		return &adaptedPixels{a, read}, nil
	}
	return &adaptedFloats{a}, nil
}

type adapted struct {
	Set
	convert pixel.Conversion
	shape   Shape
}

func (a *adapted) Shape() Shape { return a.shape }
func (a *adapted) Close() error { return Close(a.Set) }

// adaptedPixels treats 8-bit samples as images are treated.
type adaptedPixels struct {
	adapted
	read func(i int, dst []uint8) error
}

func (a *adaptedPixels) Read(i int, dst []float32) error { return readUnit(a, i, dst) }

func (a *adaptedPixels) readPixels(i int, dst []uint8) error {
	return pixel.WithScratch(func(mem *pixel.Scratch) error {
		src := a.convert.Source(mem)
		if err := a.read(i, src); err != nil {
			return err
		}
		a.convert.Bytes(src, dst, mem)
		return nil
	})
}

// adaptedFloats is for other values.
type adaptedFloats struct{ adapted }

func (a *adaptedFloats) Read(i int, dst []float32) error {
	if err := checkDst(dst, a.shape); err != nil {
		return err
	}
	return pixel.WithFloats(a.convert.From.Size(), func(src []float32) error {
		if err := a.Set.Read(i, src); err != nil {
			return err
		}
		a.convert.Floats(src, dst)
		return nil
	})
}
