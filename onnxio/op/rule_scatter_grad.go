package op

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// scattering is how an operator that writes updates into a copy of its data
// writes, and reads at the same places.
type scattering struct {
	write, read string
	attrs       []onnxio.Attr
}

func scatterGrad(g *Grad) error {
	k, err := g.Axis(0)
	if err != nil {
		return err
	}
	return scattering{"ScatterElements", "GatherElements", attrs(onnxio.Int("axis", int64(k)))}.grad(g)
}

// grad takes the gradient of what was written from where it was written, and
// of the data from everywhere else, or from everywhere where the updates were
// added.
func (s scattering) grad(g *Grad) error {
	read := func(x string) string { return g.Op(s.read, []string{x, g.I(1)}, s.attrs...) }
	switch r := g.Node.Str("reduction", "none"); r {
	case "none":
		if g.Needs(0) {
			g.GI(0, g.Op(s.write, []string{g.GO(0), g.I(1), g.Zeros(g.I(2))}, s.attrs...))
		}
		if g.Needs(2) {
			g.GI(2, read(g.GO(0)))
		}
	case "add":
		g.GI(0, g.GO(0))
		if g.Needs(2) {
			g.GI(2, read(g.GO(0)))
		}
	case "max", "min":
		s.extreme(g, read)
	case "mul":
		s.product(g, read)
	default:
		return fmt.Errorf("reduction %q is none of ONNX's", r)
	}
	return nil
}

// extreme parts the gradient evenly among the data and the updates that are as
// great, or as small, as what came of them.
func (s scattering) extreme(g *Grad, read func(string) string) {
	data := g.Mask(g.Op("Equal", []string{g.I(0), g.O(0)}))
	updates := g.Mask(g.Op("Equal", []string{g.I(2), read(g.O(0))}))
	count := s.reduced(g, data, updates, "add")
	// Nobody is as great only where the result is not a number.
	each := g.Div(g.GO(0), g.Op("Max", []string{count, g.Scalar(1)}))
	g.GI(0, g.Mul(each, data))
	if g.Needs(2) {
		g.GI(2, g.Mul(read(each), updates))
	}
}

// product multiplies what arrives by the other factors: all of them over the
// one, with zeros counted apart so that none is divided by.
func (s scattering) product(g *Grad, read func(string) string) {
	zero := func(x string) string { return g.Mask(g.Op("Equal", []string{x, g.Scalar(0)})) }
	zeroData, zeroUpdates := zero(g.I(0)), zero(g.I(2))
	data, updates := g.Add(g.I(0), zeroData), g.Add(g.I(2), zeroUpdates)
	all := g.Mul(g.GO(0), s.reduced(g, data, updates, "mul"))
	zeros := s.reduced(g, zeroData, zeroUpdates, "add")
	g.GI(0, g.Mul(g.Div(all, data), g.Mask(g.Op("Equal", []string{zeros, zeroData}))))
	if g.Needs(2) {
		g.GI(2, g.Mul(g.Div(read(all), updates), g.Mask(g.Op("Equal", []string{read(zeros), zeroUpdates}))))
	}
}

// reduced writes updates into data where the node does.
func (s scattering) reduced(g *Grad, data, updates, reduction string) string {
	return g.Op(s.write, []string{data, g.I(1), updates}, append(attrs(onnxio.Str("reduction", reduction)), s.attrs...)...)
}
