package op

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// unroll writes a recurrent operator as its steps, one after the other.
func (r recurrent) unroll(p *Decomposition) error {
	at := layoutOf(p.Infer)
	steps, ok := p.In(0).Shape[at.steps].Value()
	directions, known := p.In(1).Shape[0].Value()
	hidden, wide := p.In(2).Shape[2].Value()
	switch {
	case !ok:
		return NoDecomposition("it is unrolled over its steps, and their number is open in the input %v; export the model with a fixed one", p.In(0).Shape)
	case !known || !wide || steps < 1 || p.In(0).Elem != onnxio.Float32:
		return NoDecomposition("it is unrolled only over float32 steps, with weights of known extents")
	}
	functions, err := r.functions(p.Node, int(directions))
	if err != nil {
		return err
	}
	var all []string
	last := make([][]string, r.states)
	for d := range directions {
		u := &unrolled{
			Decomposition: p, recurrent: r, at: at, steps: int(steps), hidden: hidden, direction: int(d), directions: directions,
			reverse: d == 1 || p.Node.Str("direction", "forward") == "reverse", functions: functions[d],
		}
		y, state := u.run()
		all = append(all, y)
		for i, s := range state {
			last[i] = append(last[i], p.Op("Unsqueeze", []string{s, p.List(int64(at.stateAcross))}))
		}
	}
	p.Become(0, p.joined(int64(at.yAcross), all))
	for i, s := range last {
		p.Become(1+i, p.joined(int64(at.stateAcross), s))
	}
	return nil
}

// joined returns the values side by side along an axis.
func (e *Emit) joined(axis int64, v []string) string {
	if len(v) == 1 {
		return v[0]
	}
	return e.Concat(axis, v...)
}

// pieces cuts x along an axis into n parts of one size.
func (e *Emit) pieces(x string, axis, n, size int64) []string {
	if n == 1 {
		return []string{x}
	}
	return e.cut(x, axis, slices.Repeat([]int64{size}, int(n))...)
}

// cut divides x along an axis.
func (e *Emit) cut(x string, axis int64, sizes ...int64) []string {
	return e.Multi("", "Split", len(sizes), []string{x, e.List(sizes...)}, onnxio.Int("axis", axis))
}

// unrolled is one direction of a recurrent operator. A state that is zero is
// "".
type unrolled struct {
	*Decomposition
	recurrent
	at         recurrentLayout
	steps      int
	hidden     int64
	direction  int
	directions int64
	reverse    bool
	functions  []func(*Emit, string) string

	recur     []string // transposed weights from the hidden state, those used together as one
	after     []string // the bias of each, "" where it was added to the input's
	peepholes []string
}

// own is this direction's part of an input, without the axis of directions.
func (u *unrolled) own(input int, axis int64) string {
	part := u.pieces(u.Node.Input(input), axis, u.directions, 1)[u.direction]
	return u.Op("Squeeze", []string{part, u.List(axis)})
}

// run gives the outputs of all steps, with an axis of one direction in the
// place of the layout, and the last states [N,hidden].
func (u *unrolled) run() (y string, state []string) {
	x, lengths := u.Node.Input(0), ""
	if u.Has(recurrentLengths) {
		lengths = u.Op("Cast", []string{u.Node.Input(recurrentLengths)}, onnxio.Int("to", int64(onnxio.Int64)))
	}
	turn := u.reverse && lengths != ""
	if turn {
		x = u.turned(x, lengths)
	}
	by := u.pieces(u.fed(x), int64(u.at.steps), int64(u.steps), 1)
	state = make([]string, u.states)
	for i := range state {
		if u.Has(recurrentState + i) {
			state[i] = u.own(recurrentState+i, int64(u.at.stateAcross))
		}
	}
	axis := u.List(int64(u.at.steps))
	outs := make([]string, u.steps)
	for k := range u.steps {
		t := k
		if u.reverse && !turn {
			t = u.steps - 1 - k
		}
		var out string
		out, state = u.kept(k, lengths, u.step(u, u.Op("Squeeze", []string{by[t], axis}), state), state)
		outs[t] = u.Op("Unsqueeze", []string{out, axis})
	}
	y = u.joined(int64(u.at.steps), outs)
	if turn {
		y = u.turned(y, lengths)
	}
	return u.Op("Unsqueeze", []string{y, u.List(int64(u.at.yAcross))}), state
}

// turned is x with every sequence, of its own length, from its end to its
// start.
func (u *unrolled) turned(x, lengths string) string {
	return u.Op("ReverseSequence", []string{x, lengths}, onnxio.Int("time_axis", int64(u.at.steps)), onnxio.Int("batch_axis", int64(u.at.batch)))
}

// kept is what step k puts out and passes on: a sequence that has ended gives
// zeros and stays in the state that it had.
func (u *unrolled) kept(k int, lengths string, next, before []string) (out string, state []string) {
	if lengths == "" {
		return next[0], next
	}
	on := u.Op("Unsqueeze", []string{u.Op("Less", []string{u.List(int64(k)), lengths}), u.List(1)})
	mask := u.Mask(on)
	out = u.Mul(next[0], mask)
	for i, s := range before {
		if s == "" {
			state = append(state, u.Mul(next[i], mask))
		} else {
			state = append(state, u.Op("Where", []string{on, next[i], s}))
		}
	}
	return out, state
}

// fed reads the weights, and is what the input adds to the gates of every
// step, with the bias as far as that can be added beforehand.
func (u *unrolled) fed(x string) string {
	y := u.Op("MatMul", []string{x, u.Transpose(u.own(1, 0), 1, 0)})
	sizes := []int64{int64(u.gates) * u.hidden}
	if u.apart > 0 {
		sizes = []int64{int64(u.gates-u.apart) * u.hidden, int64(u.apart) * u.hidden}
	}
	split := func(v string, axis int64) []string {
		if len(sizes) == 1 {
			return []string{v}
		}
		return u.cut(v, axis, sizes...)
	}
	u.recur = split(u.Transpose(u.own(2, 0), 1, 0), 1)
	u.after = make([]string, len(sizes))
	if u.Has(3) {
		bias := u.pieces(u.own(3, 0), 0, 2, int64(u.gates)*u.hidden)
		y = u.Add(y, bias[0])
		if u.Node.Int("linear_before_reset", 0) == 0 {
			y = u.Add(y, bias[1])
		} else {
			u.after = split(bias[1], 0)
		}
	}
	if u.peephole > 0 && u.Has(u.peephole) {
		u.peepholes = u.pieces(u.own(u.peephole, 0), 0, 3, u.hidden)
	}
	return y
}

// recurring adds to x what a hidden state gives with weights i.
func (u *unrolled) recurring(x, h string, i int) string {
	return u.plus(x, u.product(h, i))
}

func (u *unrolled) product(h string, i int) string {
	if h == "" {
		return u.after[i]
	}
	return u.plus(u.Op("MatMul", []string{h, u.recur[i]}), u.after[i])
}

// plus and times are of values that are zero where they are "".
func (u *unrolled) plus(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return u.Add(a, b)
}

func (u *unrolled) times(a, b string) string {
	if a == "" || b == "" {
		return ""
	}
	return u.Mul(a, b)
}

// activate applies function i to what is clipped first.
func (u *unrolled) activate(i int, x string) string {
	if clip := u.Node.Float("clip", 0); clip > 0 {
		x = u.Op("Clip", []string{x, u.Scalar(-clip), u.Scalar(clip)})
	}
	return u.functions[i](u.Emit, x)
}

// complement is 1 − x.
func (u *unrolled) complement(x string) string { return u.Sub(u.Scalar(1), x) }
