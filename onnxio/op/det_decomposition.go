package op

import "github.com/prunefuse/prunefuse/onnxio"

// detDecomposition is the algorithm of Bird (2011), which needs no division: with
// μ(X) the part of X above the diagonal, and on it minus the sum of the
// diagonal's elements further down, X ← μ(X)·A taken n−1 times from A leaves
// (−1)ⁿ⁻¹·det A in the first place.
func detDecomposition(p *Decomposition) error {
	s := p.In(0).Shape
	n, ok := s[len(s)-1].Value()
	if !ok || n < 1 || p.In(0).Elem != onnxio.Float32 {
		return NoDecomposition("the extents of its float32 matrices %v are not known", s)
	}
	above, on := make([]float32, n*n), make([]float32, n*n)
	for i := range n {
		on[i*n+i] = 1
		for j := i + 1; j < n; j++ {
			above[i*n+j] = 1
		}
	}
	upper, unit := p.Floats(above, n, n), p.Floats(on, n, n)
	a := p.Node.Input(0)
	x := a
	last := int64(len(s))
	for range n - 1 {
		diagonal := p.Sum(p.Mul(x, unit), true, last-1) // [n,1]
		further := p.Op("MatMul", []string{upper, diagonal})
		x = p.Op("MatMul", []string{p.Sub(p.Mul(x, upper), p.Mul(unit, further)), a})
	}
	first := make([]float32, n*n)
	first[0] = 1
	if n%2 == 0 {
		first[0] = -1
	}
	p.Become(0, p.Sum(p.Mul(x, p.Floats(first, n, n)), false, last-2, last-1))
	return nil
}
