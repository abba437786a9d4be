package training

import (
	"errors"
	"math/rand/v2"
)

// samples is a set in memory.
type samples struct {
	shape  []int
	x      [][]float32
	labels []int
	bad    int // the sample that cannot be read, where above 0
}

func (s *samples) Len() int        { return len(s.labels) }
func (s *samples) Shape() []int    { return s.shape }
func (s *samples) Label(i int) int { return s.labels[i] }

func (s *samples) Read(i int, dst []float32) error {
	if s.bad > 0 && i == s.bad {
		return errors.New("bad.png: not an image")
	}
	copy(dst, s.x[i])
	return nil
}

// noise makes n samples of normal values with labels that have nothing to do
// with them.
func noise(seed uint64, n, classes int, shape ...int) *samples {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := &samples{shape: shape}
	for range n {
		x := make([]float32, size(shape))
		for k := range x {
			x[k] = float32(rng.NormFloat64())
		}
		s.x = append(s.x, x)
		s.labels = append(s.labels, rng.IntN(classes))
	}
	return s
}
