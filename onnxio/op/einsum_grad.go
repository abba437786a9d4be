package op

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// einsumGrad is an Einsum again: of the output's gradient and the other
// operands, with the letters of the operand as the output.
func einsumGrad(g *Grad) error {
	t, err := parseEquation(g.Infer)
	if err != nil {
		return err
	}
	ext, err := t.extents(g.Infer)
	if err != nil {
		return err
	}
	names := t.names()
	for i, in := range t.in {
		if !g.Needs(i) {
			continue
		}
		for k, r := range in {
			if slices.Contains(in[:k], r) {
				return &noGradError{"its equation takes a diagonal"}
			}
		}
		g.GI(i, t.gradient(g, i, ext, names))
	}
	return nil
}

// gradient is that by operand i. Letters that only the operand has, and axes
// along which it was broadcast, are left out of the sum and put back after.
func (t *terms) gradient(g *Grad, i int, ext map[rune]onnxio.Dim, names map[rune]rune) string {
	operands, inputs := [][]rune{}, []string{}
	found := map[rune]onnxio.Dim{} // extents among the factors
	if len(t.out) > 0 {
		operands, inputs = append(operands, t.out), append(inputs, g.GO(0))
		for _, r := range t.out {
			found[r] = ext[r]
		}
	}
	for j, in := range t.in {
		if j == i {
			continue
		}
		operands, inputs = append(operands, in), append(inputs, g.I(j))
		for k, r := range in {
			if d, ok := found[r]; !ok || d.Is(1) {
				found[r] = g.In(j).Shape[k]
			}
		}
	}
	shape := g.In(i).Shape
	var target []rune
	var gaps []int64
	from := shape.Clone()
	for k, r := range t.in[i] {
		d, ok := found[r]
		switch {
		case shape[k].Is(1) || !ok:
			gaps = append(gaps, int64(k))
			from[k] = onnxio.Known(1)
		default:
			target = append(target, r)
			from[k] = d
		}
	}
	var x string
	switch {
	case len(operands) == 0:
		x = g.GO(0)
	case len(operands) == 1 && slices.Equal(operands[0], target):
		x = inputs[0]
	default:
		x = g.Op("Einsum", inputs, onnxio.Str("equation", equationOf(operands, target, names)))
	}
	if len(t.out) == 0 && len(operands) > 0 {
		x = g.Mul(x, g.GO(0))
	}
	if len(gaps) > 0 {
		x = g.Op("Unsqueeze", []string{x, g.List(gaps...)})
	}
	if !from.Equal(shape) {
		x = g.ExpandLike(x, from, g.I(i), shape)
	}
	return x
}

// names gives each axis that an ellipsis covers a letter of its own.
func (t *terms) names() map[rune]rune {
	names := map[rune]rune{}
	var open []rune
	for _, in := range t.in {
		for _, r := range in {
			if _, ok := names[r]; ok {
				continue
			}
			names[r] = r
			if r >= dots {
				open = append(open, r)
			}
		}
	}
	free := 'A'
	for _, r := range open {
		for {
			_, used := names[free]
			if !used {
				break
			}
			free = nextLetter(free)
		}
		names[r] = free
		names[free] = free
	}
	return names
}

func nextLetter(r rune) rune {
	if r == 'Z' {
		return 'a'
	}
	return r + 1
}

// equationOf returns the equation of the terms.
func equationOf(operands [][]rune, out []rune, names map[rune]rune) string {
	var s []rune
	for i, term := range append(slices.Clone(operands), out) {
		switch {
		case i == len(operands):
			s = append(s, '-', '>')
		case i > 0:
			s = append(s, ',')
		}
		for _, r := range term {
			s = append(s, names[r])
		}
	}
	return string(s)
}
