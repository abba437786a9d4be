package optest

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// zero runs a case once for each set of inputs that the definition says give
// zero where they are zero.
func zero(t *testing.T, d *op.Def, c *op.Case, m *onnxio.Model) {
	if d.Type == "DequantizeLinear" && len(c.Inputs) > 2 {
		t.Skip("zero is written as the zero point")
	}
	for _, set := range d.Zero {
		if set == nil {
			for i := range c.Inputs {
				set = append(set, i)
			}
		}
		m := m.Clone()
		p := m.Graph.Edit()
		fed := feeds(t, d, c)
		for _, i := range set {
			if i >= len(c.Inputs) || c.Inputs[i].Absent {
				continue
			}
			x := c.Tensor(d, i)
			raw := make([]byte, int(x.Len())*x.Elem().Bits()/8)
			if m.Graph.Initializer(x.Name()) != nil {
				p.SetInitializer(onnxio.RawTensor(x.Name(), x.Elem(), x.Dims(), raw))
				continue
			}
			fed[x.Name()] = fromConstant(t, onnxio.RawTensor("", x.Elem(), x.Dims(), raw))
		}
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		y := run(t, m, fed)[0]
		if !zeros(t, y) {
			t.Errorf("inputs %v are zero, but the output is %v", set, y)
		}
	}
}

func zeros(t *testing.T, x *ort.Tensor) bool {
	c := onnxio.RawTensor("", x.Elem(), x.Shape(), x.Bytes())
	if !x.Elem().Float() {
		v, err := c.Ints()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range v {
			if n != 0 {
				return false
			}
		}
		return true
	}
	v, err := c.Floats()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v {
		if f != 0 {
			return false
		}
	}
	return true
}
