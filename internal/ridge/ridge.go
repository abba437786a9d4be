package ridge

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Sums are sums over samples of d features and m targets. A feature of ones
// stands behind the others.
type Sums struct {
	N  int
	G  *mat.SymDense // [d+1,d+1], products of the features
	C  *mat.Dense    // [d+1,m], products of features and targets
	YY []float64     // [m], squares of the targets
}

// NewSums returns the sums of no samples.
func NewSums(d, m int) *Sums {
	return &Sums{G: mat.NewSymDense(d+1, nil), C: mat.NewDense(d+1, m, nil), YY: make([]float64, m)}
}

// Add adds the sums of n samples, row-major and in the shapes of Sums.
func (s *Sums) Add(n int, g, c, yy []float64) {
	s.N += n
	for i, v := range g {
		s.G.RawSymmetric().Data[i] += v
	}
	for i, v := range c {
		s.C.RawMatrix().Data[i] += v
	}
	for i, v := range yy {
		s.YY[i] += v
	}
}

// Plus returns the sums over the samples of both.
func (s *Sums) Plus(o *Sums) *Sums {
	d, m := s.C.Dims()
	out := NewSums(d-1, m)
	out.Add(s.N, s.G.RawSymmetric().Data, s.C.RawMatrix().Data, s.YY)
	out.Add(o.N, o.G.RawSymmetric().Data, o.C.RawMatrix().Data, o.YY)
	return out
}

// Fit returns the map W [d+1,m], its last row the constants, with the least sum
// of squared errors plus λ times the squares of W but the constants; λ is
// lambda times the mean variance sum of a feature. It is an error where the
// equations have no single solution that the numbers allow to find.
func (s *Sums) Fit(lambda float64) (*mat.Dense, error) {
	d, m := s.C.Dims()
	d--
	n := float64(s.N)
	g := mat.NewSymDense(d, nil)
	trace := 0.0
	for i := range d {
		for j := i; j < d; j++ {
			g.SetSym(i, j, s.G.At(i, j)-s.G.At(i, d)*s.G.At(j, d)/n)
		}
		trace += g.At(i, i)
	}
	if !(trace > 0) || math.IsInf(trace, 0) {
		return nil, fmt.Errorf("the features do not vary, or are not finite")
	}
	for i := range d {
		g.SetSym(i, i, g.At(i, i)+lambda*trace/float64(d))
	}
	c := mat.NewDense(d, m, nil)
	for i := range d {
		for k := range m {
			c.Set(i, k, s.C.At(i, k)-s.G.At(i, d)*s.C.At(d, k)/n)
		}
	}
	var chol mat.Cholesky
	if !chol.Factorize(g) {
		return nil, fmt.Errorf("the features depend on each other; want a greater ridge than %g", lambda)
	}
	w := mat.NewDense(d+1, m, nil)
	top := w.Slice(0, d, 0, m).(*mat.Dense)
	if err := chol.SolveTo(top, c); err != nil {
		if poor := mat.Condition(0); !errors.As(err, &poor) {
			return nil, err
		}
	}
	for k := range m {
		b := s.C.At(d, k)
		for i := range d {
			b -= w.At(i, k) * s.G.At(i, d)
		}
		w.Set(d, k, b/n)
	}
	return w, nil
}

// Error returns the sum of squared errors of a map.
func (s *Sums) Error(w *mat.Dense) float64 {
	var gw mat.Dense
	gw.Mul(s.G, w)
	sum := 0.0
	for _, v := range s.YY {
		sum += v
	}
	a, b, c := w.RawMatrix(), gw.RawMatrix(), s.C.RawMatrix()
	for i := range a.Rows {
		for k := range a.Cols {
			v := a.Data[i*a.Stride+k]
			sum += v * (b.Data[i*b.Stride+k] - 2*c.Data[i*c.Stride+k])
		}
	}
	return sum
}

// Powers of ten that Choose tries, and where it begins.
const (
	greatest = -1
	first    = -3
	least    = -7
)

// Choose returns the ridge, of powers of ten, whose fit to s errs least on the
// samples held back; ok is false where the best errs more than no map at all.
func (s *Sums) Choose(held *Sums) (lambda float64, ok bool) {
	if held.N == 0 {
		return math.Pow10(first), true
	}
	none := 0.0
	for _, v := range held.YY {
		none += v
	}
	tried := map[int]float64{}
	errs := func(power int) float64 {
		if e, met := tried[power]; met {
			return e
		}
		e := math.Inf(1)
		if w, err := s.Fit(math.Pow10(power)); err == nil {
			e = held.Error(w)
		}
		tried[power] = e
		return e
	}
	at := first
	for at > least && errs(at-1) < errs(at) {
		at--
	}
	for at < greatest && errs(at+1) < errs(at) {
		at++
	}
	return math.Pow10(at), errs(at) < none
}
