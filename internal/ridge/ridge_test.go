package ridge_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/prunefuse/prunefuse/internal/ridge"
)

// samples are n rows of d features and a one, and m targets that follow from
// them with some noise.
func samples(rng *rand.Rand, n, d, m int, noise float64) (x, y *mat.Dense) {
	x, y = mat.NewDense(n, d+1, nil), mat.NewDense(n, m, nil)
	w := mat.NewDense(d+1, m, nil)
	for i := range d + 1 {
		for k := range m {
			w.Set(i, k, rng.NormFloat64())
		}
	}
	for i := range n {
		for j := range d {
			x.Set(i, j, 1+rng.NormFloat64())
		}
		x.Set(i, d, 1)
	}
	y.Mul(x, w)
	for i := range n {
		for k := range m {
			y.Set(i, k, y.At(i, k)+noise*rng.NormFloat64())
		}
	}
	return x, y
}

func sumsOf(x, y *mat.Dense) *ridge.Sums {
	n, d := x.Dims()
	_, m := y.Dims()
	var g, c mat.Dense
	g.Mul(x.T(), x)
	c.Mul(x.T(), y)
	yy := make([]float64, m)
	for k := range m {
		v := mat.Col(nil, k, y)
		yy[k] = mat.Dot(mat.NewVecDense(n, v), mat.NewVecDense(n, v))
	}
	s := ridge.NewSums(d-1, m)
	s.Add(n, g.RawMatrix().Data, c.RawMatrix().Data, yy)
	return s
}

func TestFitIsLeastSquares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, d, m int }{{20, 3, 1}, {200, 17, 5}, {400, 36, 8}} {
		x, y := samples(rand.New(rand.NewPCG(1, uint64(c.d))), c.n, c.d, c.m, 0.3)
		got, err := sumsOf(x, y).Fit(0)
		if err != nil {
			t.Fatal(err)
		}
		var want mat.Dense
		if err := want.Solve(x, y); err != nil { // by QR
			t.Fatal(err)
		}
		if !mat.EqualApprox(got, &want, 1e-8) {
			t.Errorf("%+v: the fit is not that of least squares", c)
		}
	}
}

// TestFitRidge compares with least squares on samples that stand for the ridge.
func TestFitRidge(t *testing.T) {
	t.Parallel()
	const n, d, m, lambda = 60, 7, 2, 0.05
	x, y := samples(rand.New(rand.NewPCG(2, 1)), n, d, m, 0.5)
	s := sumsOf(x, y)
	got, err := s.Fit(lambda)
	if err != nil {
		t.Fatal(err)
	}
	trace := 0.0
	for j := range d {
		v := mat.Col(nil, j, x)
		mean := mat.Sum(mat.NewVecDense(n, v)) / n
		for _, e := range v {
			trace += (e - mean) * (e - mean)
		}
	}
	more, none := mat.NewDense(n+d, d+1, nil), mat.NewDense(n+d, m, nil)
	more.Slice(0, n, 0, d+1).(*mat.Dense).Copy(x)
	none.Slice(0, n, 0, m).(*mat.Dense).Copy(y)
	for j := range d {
		more.Set(n+j, j, math.Sqrt(lambda*trace/d))
	}
	var want mat.Dense
	if err := want.Solve(more, none); err != nil {
		t.Fatal(err)
	}
	if !mat.EqualApprox(got, &want, 1e-8) {
		t.Error("the fit is not that of the ridge")
	}
	var off mat.Dense
	off.Mul(x, got)
	off.Sub(&off, y)
	if e := mat.Norm(&off, 2); math.Abs(s.Error(got)-e*e) > 1e-8*e*e {
		t.Errorf("Error is %v, the residual's square %v", s.Error(got), e*e)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 1))
	x, y := samples(rng, 400, 30, 2, 1e-3)
	cut := func(a *mat.Dense, from, to int) *mat.Dense {
		_, c := a.Dims()
		return mat.DenseCopyOf(a.Slice(from, to, 0, c))
	}
	exact, ok := sumsOf(cut(x, 0, 300), cut(y, 0, 300)).Choose(sumsOf(cut(x, 300, 400), cut(y, 300, 400)))
	if !ok || exact > 1e-5 {
		t.Errorf("targets that follow exactly take the ridge %g, %t", exact, ok)
	}
	for i := range 400 { // nothing but noise
		for k := range 2 {
			y.Set(i, k, rng.NormFloat64())
		}
	}
	noisy, _ := sumsOf(cut(x, 0, 40), cut(y, 0, 40)).Choose(sumsOf(cut(x, 40, 400), cut(y, 40, 400)))
	if noisy != 0.1 {
		t.Errorf("noise takes the ridge %g", noisy)
	}
}

func TestDependentFeatures(t *testing.T) {
	t.Parallel()
	x, y := samples(rand.New(rand.NewPCG(4, 1)), 5, 12, 1, 0) // fewer samples than features
	if _, err := sumsOf(x, y).Fit(1e-6); err != nil {
		t.Errorf("fewer samples than features: %v", err)
	}
	for i := range 5 {
		for j := range 12 {
			x.Set(i, j, 2)
		}
	}
	if _, err := sumsOf(x, y).Fit(1e-3); err == nil {
		t.Error("features that do not vary are fitted")
	}
}
