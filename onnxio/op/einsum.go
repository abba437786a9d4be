package op

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

var einsum = Def{
	Type: "Einsum", Since: []int64{12},
	Shape: einsumShape, Axes: einsumAxes, Grad: einsumGrad, Cost: einsumCost,
	Cases: []Case{
		{Name: "matrices", Inputs: []Input{X(3, 4), W(4, 5)}, Attrs: equation("ij,jk->ik")},
		{Name: "implicit output", Inputs: []Input{X(3, 4), W(4, 5)}, Attrs: equation("ij, jk")},
		{Name: "implicit order", Inputs: []Input{X(2, 3)}, Attrs: equation("ba")},
		{Name: "heads", Inputs: []Input{X(2, 3, 2, 4), X(2, 5, 2, 4)}, Attrs: equation("bqhd,bkhd->bhqk")},
		{Name: "projection of heads", Inputs: []Input{X(2, 3, 8), W(8, 2, 4)}, Attrs: equation("btc,chd->bhtd")},
		{Name: "elementwise", Inputs: []Input{X(2, 3), X(2, 3)}, Attrs: equation("ij,ij->ij")},
		{Name: "outer product", Inputs: []Input{X(2), W(3)}, Attrs: equation("i,j->ij")},
		{Name: "inner product", Inputs: []Input{X(4), W(4)}, Attrs: equation("i,i->"), Fixed: true},
		{Name: "sum", Inputs: []Input{X(2, 3, 4)}, Attrs: equation("ijk->j")},
		{Name: "sum of an operand's own letter", Inputs: []Input{X(2, 3, 4), W(3, 5)}, Attrs: equation("ijk,jl->il")},
		{Name: "transpose", Inputs: []Input{X(2, 3, 4)}, Attrs: equation("ijk->kij")},
		{Name: "batch", Inputs: []Input{X(2, 3, 4), W(4, 5)}, Attrs: equation("...j,jk->...k")},
		{Name: "batch of both", Inputs: []Input{X(2, 3, 4, 5), X(2, 3, 5, 2)}, Attrs: equation("...ij,...jk->...ik")},
		{Name: "batch, broadcast", Inputs: []Input{X(2, 1, 4, 5), W(1, 3, 5, 2)}, Attrs: equation("...ij,...jk->...ik")},
		{Name: "batch, implicit output", Inputs: []Input{X(2, 3, 4), W(4, 5)}, Attrs: equation("...j,jk")},
		{Name: "batch at the end", Inputs: []Input{X(4, 2, 3), W(4, 5)}, Attrs: equation("j...,jk->k...")},
		{Name: "three operands", Inputs: []Input{X(2, 3), W(3, 4), W(4, 5)}, Attrs: equation("ij,jk,kl->il")},
		{Name: "diagonal", Inputs: []Input{X(3, 4, 4)}, Attrs: equation("bii->bi")},
		{Name: "trace", Inputs: []Input{X(2, 4, 4), W(4, 3)}, Attrs: equation("bii,ij->bj")},
		{Name: "opset 12", Opset: 12, Inputs: []Input{X(3, 4), W(4, 5)}, Attrs: equation("ij,jk->ik")},
	},
}

func equation(s string) []onnxio.Attr { return attrs(onnxio.Str("equation", s)) }

// dots stands in a term for an axis that "..." covers, numbered from the
// last one: dots, dots+1, …
const dots = rune(0x100000)

// terms are the letters of each operand's axes and of the output's, with an
// ellipsis spelled out.
type terms struct {
	in  [][]rune
	out []rune
}

func parseEquation(c *Infer) (*terms, error) {
	text := strings.ReplaceAll(c.Node.Str("equation", ""), " ", "")
	left, right, explicit := strings.Cut(text, "->")
	operands := strings.Split(left, ",")
	if len(operands) != len(c.Node.Inputs()) {
		return nil, fmt.Errorf("equation %q has %d operands, the node %d", text, len(operands), len(c.Node.Inputs()))
	}
	t := &terms{}
	covered := 0
	for i, o := range operands {
		n := len(c.In(i).Shape) - len(strings.ReplaceAll(o, "...", ""))
		term, err := spell(o, n)
		if err != nil || len(term) != len(c.In(i).Shape) {
			return nil, fmt.Errorf("equation %q: term %q does not fit an input of shape %v", text, o, c.In(i).Shape)
		}
		if strings.Contains(o, "...") {
			covered = max(covered, n)
		}
		t.in = append(t.in, term)
	}
	if !explicit {
		t.out = t.implicit(covered)
		return t, nil
	}
	var err error
	if t.out, err = spell(right, covered); err != nil {
		return nil, fmt.Errorf("equation %q: %w", text, err)
	}
	for k, r := range t.out {
		known := slices.ContainsFunc(t.in, func(in []rune) bool { return slices.Contains(in, r) })
		if !known || slices.Contains(t.out[:k], r) {
			return nil, fmt.Errorf("equation %q: each letter of the output must be in an operand, and once in the output", text)
		}
	}
	return t, nil
}

// spell writes a term letter by letter, its ellipsis as n axes.
func spell(term string, n int) ([]rune, error) {
	before, after, found := strings.Cut(term, "...")
	letters := []rune(before)
	if found {
		for k := n - 1; k >= 0; k-- {
			letters = append(letters, dots+rune(k))
		}
		letters = append(letters, []rune(after)...)
	}
	for _, r := range letters {
		if r < dots && (r < 'A' || r > 'z' || (r > 'Z' && r < 'a')) {
			return nil, fmt.Errorf("%q is no letter", r)
		}
	}
	return letters, nil
}

// implicit returns the output that an equation without one means: the axes of
// the ellipsis, and the letters that occur once, in alphabetical order.
func (t *terms) implicit(covered int) []rune {
	count := map[rune]int{}
	for _, in := range t.in {
		for _, r := range in {
			count[r]++
		}
	}
	out, _ := spell("...", covered)
	var once []rune
	for r, n := range count {
		if n == 1 && r < dots {
			once = append(once, r)
		}
	}
	slices.Sort(once)
	return append(out, once...)
}

// extents returns the extent of each letter; an axis of an ellipsis broadcasts.
func (t *terms) extents(c *Infer) (map[rune]onnxio.Dim, error) {
	ext := map[rune]onnxio.Dim{}
	for i, in := range t.in {
		for k, r := range in {
			d := c.In(i).Shape[k]
			have, ok := ext[r]
			switch {
			case !ok || have.Is(1) || (!have.IsKnown() && d.IsKnown() && !d.Is(1)):
				ext[r] = d
			case d.IsKnown() && have.IsKnown() && d != have && !d.Is(1):
				return nil, fmt.Errorf("one letter of the equation %q stands for %v and %v", c.Node.Str("equation", ""), have, d)
			}
		}
	}
	return ext, nil
}

func einsumShape(c *Infer) error {
	t, err := parseEquation(c)
	if err != nil {
		return err
	}
	ext, err := t.extents(c)
	if err != nil {
		return err
	}
	s := make(onnxio.Shape, len(t.out))
	for k, r := range t.out {
		s[k] = ext[r]
	}
	c.Out(0, c.In(0).Elem, s)
	return nil
}

// einsumCost counts one multiplication for each operand beyond the first and
// each combination of indices.
func einsumCost(c *Infer) onnxio.Dim {
	n := onnxio.Known(int64(len(c.Node.Inputs()) - 1))
	t, err := parseEquation(c)
	if err != nil {
		return onnxio.Known(0)
	}
	ext, err := t.extents(c)
	if err != nil {
		return onnxio.Known(0)
	}
	letters := make([]rune, 0, len(ext))
	for r := range ext {
		letters = append(letters, r)
	}
	slices.Sort(letters)
	for _, r := range letters {
		n = n.Mul(ext[r])
	}
	return n
}

// einsumAxes makes every letter one set of indices. One that an operand has
// twice takes a diagonal, which is not followed. One that a single operand
// has and the output does not is summed over without a weight, so that
// nothing can take its place in the sum.
func einsumAxes(a *Axes) error {
	t, err := parseEquation(a.Infer)
	if err != nil {
		return err
	}
	ext, err := t.extents(a.Infer)
	if err != nil {
		return err
	}
	refs := map[rune][]Ref{}
	twice, owners := map[rune]bool{}, map[rune]int{}
	for k, r := range t.out {
		refs[r] = append(refs[r], Out(0, k))
	}
	for i, in := range t.in {
		for k, r := range in {
			if !slices.Contains(in[:k], r) {
				owners[r]++
			}
			twice[r] = twice[r] || slices.Contains(in[:k], r)
			if a.Dim(In(i, k)).Is(1) && !ext[r].Is(1) {
				a.Free(In(i, k)) // broadcast
				continue
			}
			refs[r] = append(refs[r], In(i, k))
		}
	}
	for _, r := range slices.Sorted(maps.Keys(refs)) {
		list := refs[r]
		a.Same(list[0], list[1:]...)
		switch {
		case twice[r]:
			a.Pin(list[0], "its equation takes a diagonal along this axis")
		case owners[r] == 1 && !slices.Contains(t.out, r):
			a.Mixes(list[0])
		}
	}
	return nil
}
