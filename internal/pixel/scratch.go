package pixel

import (
	"sync"

	"github.com/prunefuse/prunefuse/internal/jpeg"
)

// Scratch is the memory that one goroutine needs to read a sample.
type Scratch struct {
	Content []byte // an encoded image, for those who read one
	jpeg    jpeg.Decoder
	plain   bool // it is for that decoder
	pixels  []uint8
	upright []uint8  // the same, turned
	strip   []uint8  // some rows of it, one after the other and then beside each other
	narrow  []uint8  // it, resized in one direction
	chroma  []uint32 // a row of it, and the same for each pixel

	across, down weights
}

var scratches = sync.Pool{New: func() any { return new(Scratch) }}

// WithScratch calls use with memory that is its own for as long.
func WithScratch(use func(*Scratch) error) error {
	s := scratches.Get().(*Scratch)
	defer scratches.Put(s)
	return use(s)
}

// Grow returns n values of *p, which is made longer where it has to be.
func Grow[T any](p *[]T, n int) []T {
	if cap(*p) < n {
		*p = make([]T, n)
	}
	return (*p)[:n]
}
