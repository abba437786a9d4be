package op

import (
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// attended is attention as its variants have it in common, over heads that
// have an axis of their own: queries, keys and values are [N,heads,tokens,
// size].
type attended struct {
	q, k, v string
	scale   float32
	bias    string // added to the scores; "" is none
	cap     float32
}

// masked is what scores have added to them that are to weigh nothing: exp of
// it is 0, and it overflows with no score.
const masked = -1e30

// scores returns the products of queries and keys.
func (a attended) scores(e *Emit) string {
	return e.Mul(e.Op("MatMul", []string{a.q, e.Transpose(a.k, 0, 1, 3, 2)}), e.Scalar(a.scale))
}

// weigh gives the result and the weights for the scores.
func (a attended) weigh(e *Emit, scores string) (y, weights string) {
	if a.cap != 0 {
		scores = e.Mul(e.Of("Tanh", e.Div(scores, e.Scalar(a.cap))), e.Scalar(a.cap))
	}
	if a.bias != "" {
		scores = e.Add(scores, a.bias)
	}
	weights = e.Op("Softmax", []string{scores}, onnxio.Int("axis", -1))
	return e.Op("MatMul", []string{weights, a.v}), weights
}

// headsApart makes [N,heads,tokens,size] of [N,tokens,heads·size].
func (e *Emit) headsApart(x string, heads int64) string {
	return e.Transpose(e.Reshape(x, 0, 0, heads, -1), 0, 2, 1, 3)
}

// headsTogether returns the inverse of headsApart.
func (e *Emit) headsTogether(x string) string {
	return e.Reshape(e.Transpose(x, 0, 2, 1, 3), 0, 0, -1)
}

// after is x, tokens on axis 2, behind those of the past, "" for none.
func (e *Emit) after(past, x string) string {
	if past == "" {
		return x
	}
	return e.Concat(2, past, x)
}

// causal returns a bias that lets each of so many queries see as many keys
// beyond the first ones as it has queries before it.
func (p *Decomposition) causal(queries, keys onnxio.Dim, first int64) (string, error) {
	n, ok := queries.Value()
	m, known := keys.Value()
	if !ok || !known {
		return "", NoDecomposition("it looks back over a number of tokens that is open; export the model with a fixed one")
	}
	v := make([]float32, n*m)
	for i := range v {
		if int64(i)%m > first+int64(i)/m {
			v[i] = masked
		}
	}
	return p.Floats(v, n, m), nil
}

// withPast is how many tokens there are with those that an input has on an
// axis.
func (p *Decomposition) withPast(input, axis int, tokens onnxio.Dim) onnxio.Dim {
	if s := p.In(input).Shape; p.Has(input) && len(s) > axis {
		tokens, _ = addDims(s[axis], tokens)
	}
	return tokens
}

// both returns the sum of two biases, of which either may be "".
func (e *Emit) both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return e.Add(a, b)
}

// scaleOr returns a node's scale, by default that of the size of a head.
func (p *Decomposition) scaleOr(size onnxio.Dim) (float32, error) {
	n, ok := size.Value()
	if s := p.Node.Float("scale", 0); s != 0 {
		return s, nil
	}
	if !ok || n < 1 {
		return 0, NoDecomposition("the size of its heads is not known")
	}
	return float32(1 / math.Sqrt(float64(n))), nil
}

// present says which of some inputs and attributes a node has, the first of them,
// "" for none.
func (p *Decomposition) present(inputs map[int]string, attrs ...string) string {
	for i := range p.Node.Inputs() {
		if name, named := inputs[i]; named && p.Has(i) {
			return name
		}
	}
	for _, a := range attrs {
		if p.Node.Int(a, 0) != 0 || p.Node.Float(a, 0) != 0 {
			return a
		}
	}
	return ""
}

func attentionDecomposition(p *Decomposition) error {
	q, k, v := p.headed(0, "q_num_heads"), p.headed(1, "kv_num_heads"), p.headed(2, "kv_num_heads")
	if q == nil || k == nil || v == nil || p.In(0).Elem != onnxio.Float32 {
		return NoDecomposition("its heads are not known, or are not float32")
	}
	mode := p.Node.Int("qk_matmul_output_mode", 0)
	cap, biased := p.Node.Float("softcap", 0), p.Has(3) || p.Node.Int("is_causal", 0) != 0
	heads, ok := q[1].Value()
	groups, known := k[1].Value()
	total := p.withPast(4, 2, k[2])
	mask := p.In(3)
	switch {
	case p.present(map[int]string{6: "lengths"}) != "":
		return NoDecomposition("it is told how many keys there are at run time")
	case !ok || !known || groups < 1 || heads%groups != 0:
		return NoDecomposition("its numbers of heads are not known, or do not divide")
	case len(p.In(0).Shape) != len(p.In(1).Shape) || len(p.In(0).Shape) != len(p.In(2).Shape):
		return NoDecomposition("only some of its inputs have an axis of heads")
	case p.Node.Output(3) != "" && mode != 0 && mode != 3:
		return NoDecomposition("it gives out weights in mode %d", mode)
	case cap != 0 && biased, p.Has(4) && p.Node.Int("is_causal", 0) != 0:
		return NoDecomposition("it masks tokens beside a softcap or a past")
	case p.Has(3) && (len(mask.Shape) < 2 || mask.Shape[len(mask.Shape)-1] != total):
		return NoDecomposition("its mask %v is not of all %v tokens", mask.Shape, total)
	}
	scale, err := p.scaleOr(q[3])
	if err != nil {
		return err
	}
	a := attended{q: p.Node.Input(0), k: p.Node.Input(1), v: p.Node.Input(2), scale: scale, cap: cap}
	if p.Node.Int("is_causal", 0) != 0 {
		if a.bias, err = p.causal(q[2], total, 0); err != nil {
			return err
		}
	}
	if p.Has(3) {
		added := p.Node.Input(3)
		if mask.Elem == onnxio.Bool {
			added = p.Op("Where", []string{added, p.Scalar(0), p.Scalar(masked)})
		}
		a.bias = p.both(a.bias, added)
	}
	together := len(p.In(0).Shape) == 3
	if together {
		a.q, a.k, a.v = p.headsApart(a.q, heads), p.headsApart(a.k, groups), p.headsApart(a.v, groups)
	}
	a.k, a.v = p.after(p.Node.Input(4), a.k), p.after(p.Node.Input(5), a.v)
	p.Become(1, a.k)
	p.Become(2, a.v)
	a.k, a.v = p.shared(a.k, heads, groups), p.shared(a.v, heads, groups)
	scores := a.scores(p.Emit)
	y, weights := a.weigh(p.Emit, scores)
	if together {
		y = p.headsTogether(y)
	}
	p.Become(0, y)
	if mode == 3 {
		scores = weights
	}
	p.Become(3, scores)
	return nil
}

// shared repeats each group of keys or values for all the heads that share
// it.
func (e *Emit) shared(x string, heads, groups int64) string {
	if heads == groups {
		return x
	}
	each := e.Op("Expand", []string{e.Op("Unsqueeze", []string{x, e.List(2)}), e.List(1, 1, heads/groups, 1, 1)})
	tail := e.Op("Slice", []string{e.Of("Shape", x), e.List(2), e.List(4)})
	return e.Op("Reshape", []string{each, e.Concat(0, e.List(0, heads), tail)})
}
