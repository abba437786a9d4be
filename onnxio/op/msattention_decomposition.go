package op

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

func msAttentionDecomposition(p *Decomposition) error {
	widths, ok := projections(p.Infer)
	if !ok || p.In(0).Elem != onnxio.Float32 {
		return NoDecomposition("its heads are not known, or are not float32")
	}
	heads := p.Node.Int("num_heads", 0)
	if what := p.present(map[int]string{3: "a mask", 6: "the length of the past"}, "do_rotary", "past_present_share_buffer"); what != "" {
		return NoDecomposition("it is not derived with %s", what)
	}
	scale, err := p.scaleOr(onnxio.Known(widths[0] / heads))
	if err != nil {
		return err
	}
	a := attended{scale: scale, bias: p.Node.Input(5)}
	if p.Node.Int("unidirectional", 0) != 0 {
		if a.bias, err = p.lookBack(p.In(0).Shape[1], p.withPast(4, 3, p.In(0).Shape[1]), a.bias); err != nil {
			return err
		}
	}
	x := p.Op("MatMul", []string{p.Node.Input(0), p.Node.Input(1)})
	if p.Has(2) {
		x = p.Add(x, p.Node.Input(2))
	}
	parts := p.cut(x, 2, widths...)
	past := []string{"", ""}
	if p.Has(4) {
		for i, part := range p.pieces(p.Node.Input(4), 0, 2, 1) {
			past[i] = p.Op("Squeeze", []string{part, p.List(0)})
		}
	}
	a.q = p.headsApart(parts[0], heads)
	a.k, a.v = p.after(past[0], p.headsApart(parts[1], heads)), p.after(past[1], p.headsApart(parts[2], heads))
	if p.Node.Output(1) != "" {
		p.Become(1, p.Concat(0, p.Op("Unsqueeze", []string{a.k, p.List(0)}), p.Op("Unsqueeze", []string{a.v, p.List(0)})))
	}
	y, _ := a.weigh(p.Emit, a.scores(p.Emit))
	p.Become(0, p.headsTogether(y))
	return nil
}

// lookBack adds to a bias that each of the last tokens sees none after it.
func (p *Decomposition) lookBack(queries, keys onnxio.Dim, bias string) (string, error) {
	first, err := p.causal(queries, keys, keys.Or(0)-queries.Or(0))
	return p.both(bias, first), err
}

func multiHeadDecomposition(p *Decomposition) error {
	heads := p.Node.Int("num_heads", 0)
	if what := p.present(map[int]string{4: "a mask", 8: "the length of the past", 9: "a cache"}); what != "" {
		return NoDecomposition("it is not derived with %s", what)
	}
	q, k, v := p.In(0).Shape, p.In(1).Shape, p.In(2).Shape
	if len(q) != 3 || !p.Has(1) || !p.Has(2) || len(k) == 5 {
		return NoDecomposition("its queries, keys and values are packed in one")
	}
	tokens, ok := keyTokens(p.Infer)
	switch {
	case p.In(0).Elem != onnxio.Float32 || !ok:
		return NoDecomposition("its heads are not known, or are not float32")
	case p.Has(3) && (len(k) != 3 || len(v) != 3):
		return NoDecomposition("it has a bias beside heads that are apart")
	case p.Node.Output(3) != "":
		return NoDecomposition("its scores are an output")
	}
	size, _ := q[2].Div(onnxio.Known(heads))
	scale, err := p.scaleOr(size)
	if err != nil {
		return err
	}
	a := attended{scale: scale, bias: p.Node.Input(5)}
	if p.Node.Int("unidirectional", 0) != 0 {
		if a.bias, err = p.lookBack(q[1], p.withPast(6, 2, tokens), a.bias); err != nil {
			return err
		}
	}
	in := slices.Clone(p.Node.Inputs()[:3])
	if p.Has(3) {
		key, value := q[2].Or(0), v[2].Or(0)
		if key < 1 || value < 1 {
			return NoDecomposition("the widths of its bias are not known")
		}
		for i, b := range p.cut(p.Node.Input(3), 0, key, key, value) {
			in[i] = p.Add(in[i], b)
		}
	}
	for i := range in {
		if len(p.In(i).Shape) == 3 {
			in[i] = p.headsApart(in[i], heads)
		}
	}
	past := []string{p.Node.Input(6), p.Node.Input(7)}
	a.q, a.k, a.v = in[0], p.after(past[0], in[1]), p.after(past[1], in[2])
	p.Become(1, a.k)
	p.Become(2, a.v)
	y, _ := a.weigh(p.Emit, a.scores(p.Emit))
	p.Become(0, p.headsTogether(y))
	return nil
}
