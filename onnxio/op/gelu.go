package op

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// gelu is x·Φ(x), Φ being the normal distribution's, or its approximation by
// the hyperbolic tangent.
var gelu = Def{
	Type: "Gelu", Since: []int64{20},
	Zero:  zeroAtZero,
	Shape: sameAsInput, Axes: alike, Cost: free,
	Grad: sloped(func(g *Grad) string {
		if g.Node.Str("approximate", "none") == "tanh" {
			return g.fastGeluSlope(g.I(0))
		}
		return g.geluSlope(g.I(0))
	}),
	Cases: append(unaryCasesOf(X, 20), Case{Name: "tanh", Opset: 20, Inputs: []Input{X(2, 9)}, Attrs: attrs(onnxio.Str("approximate", "tanh"))}),
}

// geluSlope is Φ(x) + x·φ(x).
func (e *Emit) geluSlope(x string) string {
	area := e.Mul(e.Add(e.Of("Erf", e.Mul(x, e.Scalar(math.Sqrt2/2))), e.Scalar(1)), e.Scalar(0.5))
	bell := e.Of("Exp", e.Mul(e.Square(x), e.Scalar(-0.5)))
	return e.Add(area, e.Mul(x, e.Mul(bell, e.Scalar(float32(1/math.Sqrt(2*math.Pi))))))
}

// fastGeluSlope returns the derivative of x·(1 + t)/2 with t = tanh(b·x +
// c·x³): (1 + t)/2 + x·(1 − t²)·(b + 3c·x²)/2.
func (e *Emit) fastGeluSlope(x string) string {
	b := math.Sqrt(2 / math.Pi)
	c := 0.044715 * b
	square := e.Square(x)
	t := e.Of("Tanh", e.Mul(x, e.Add(e.Mul(square, e.Scalar(float32(c))), e.Scalar(float32(b)))))
	inner := e.Add(e.Mul(square, e.Scalar(float32(3*c))), e.Scalar(float32(b)))
	bend := e.Mul(e.Mul(x, e.Sub(e.Scalar(1), e.Square(t))), inner)
	return e.Mul(e.Add(e.Add(t, e.Scalar(1)), bend), e.Scalar(0.5))
}
