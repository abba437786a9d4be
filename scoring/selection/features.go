package selection

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas/gonum"

	"github.com/prunefuse/prunefuse/scoring"
)

// Features is a matrix of float32, one row a sample, row after row in Data.
type Features struct {
	Dim  int // length of a row
	Data []float32
}

// Len returns the number of rows.
func (f Features) Len() int {
	if f.Dim <= 0 {
		return 0
	}
	return len(f.Data) / f.Dim
}

// Row returns row i. It shares f's memory.
func (f Features) Row(i int) []float32 { return f.Data[i*f.Dim : (i+1)*f.Dim] }

// check names a matrix that is none, or a value in it that is not finite.
func (f Features) check(what string) error {
	if f.Dim <= 0 || len(f.Data)%f.Dim != 0 {
		return fmt.Errorf("%s: %d values are no rows of %d", what, len(f.Data), f.Dim)
	}
	for i := range f.Len() {
		if err := scoring.CheckFinite(f.Row(i)); err != nil {
			return fmt.Errorf("%s, row %d: %w", what, i, err)
		}
	}
	return nil
}

// lengths2 returns the squared lengths of the rows.
func (f Features) lengths2() []float64 {
	out := make([]float64, f.Len())
	for i := range out {
		out[i] = dot64(f.Row(i), f.Row(i))
	}
	return out
}

// distance2 returns the squared Euclidean distance. The conversion keeps the
// compiler from fusing the product into the sum, which some processors would
// and others would not.
func distance2(a, b []float32) float64 {
	var sum float64
	b = b[:len(a)]
	for i, v := range a {
		diff := float64(v) - float64(b[i])
		sum += float64(diff * diff)
	}
	return sum
}

// dot64 returns the product in float64, in which each term is exact.
func dot64(a, b []float32) float64 {
	return gonum.Implementation{}.Dsdot(len(a), a, 1, b, 1)
}

// filter tells cheaply that a distance is no smaller than one that is known:
// by |a|² + |b|² − 2ab with a vectorised float32 product, less all the error
// that product can have. Whatever it does not decide is computed in full, so
// it changes the time and never the result.
type filter struct {
	slack float64 // bound of the relative error of a dot product, doubled
	tiny  float64 // bound of what products lose below the normal range
}

// filterLimit is the sum of two squared lengths up to which no partial sum
// of a float32 dot product overflows.
const filterLimit = math.MaxFloat32 / 4

func newFilter(dim int) filter {
	// n terms, fewer than 2²³, lose less than n·2⁻²³ of Σ|aᵢbᵢ|, and that sum
	// is at most (|a|² + |b|²)/2.
	n := float64(dim + 8)
	return filter{slack: n * 0x1p-23, tiny: n * 0x1p-148}
}

// atLeast reports that |a − b|² ≥ known for certain; norms is |a|² + |b|².
func (f filter) atLeast(known float64, a, b []float32, norms float64) bool {
	if norms > filterLimit {
		return false
	}
	product := float64(gonum.Implementation{}.Sdot(len(a), a, 1, b, 1))
	return norms*(1-f.slack)-2*product-f.tiny >= known
}
