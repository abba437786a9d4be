package compare

import (
	"context"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Sums taken in another order differ, of float32 by some 1e-6 of the greatest
// output over a usual network and by 2e-5 over one of 164 layers. One channel
// mistaken for another may show as little as 1e-4.
const (
	relativeTolerance     = 2e-5
	relativeToleranceHalf = 5e-3 // where weights or inputs are 16-bit floats
)

// What moving weights and inputs by a unit in the last place does is less than
// what sums in another order do, by some square root of their lengths; and a
// model that it moves by more than a part of its outputs cannot be told from
// another.
const (
	roundings    = 16
	greatestPart = 1e-2
)

// bounded are operators that the runtime computes to so much of one, however
// small the outcome.
var bounded = []string{"Sigmoid", "Softmax", "Tanh", "Erf", "HardSigmoid", "LogSoftmax", "LSTM", "GRU", "Gelu", "QuickGelu"}

const leastTolerance = 5e-7

func half(e onnxio.Elem) bool { return e == onnxio.Float16 || e == onnxio.BFloat16 }

// computesHalf reports whether a model computes with 16-bit floats.
func computesHalf(m *onnxio.Model) bool {
	return slices.ContainsFunc(m.Graph.Inputs(), func(v onnxio.Value) bool { return half(v.Type.Elem) }) ||
		slices.ContainsFunc(m.Graph.Initializers(), func(t *onnxio.Tensor) bool { return half(t.Elem()) })
}

// rounding measures what rounding does to a model: it runs the model with
// weights and inputs moved by about one unit in the last place.
type rounding struct {
	model   *onnxio.Model
	options ort.SessionOptions
	session *ort.Session
	failed  bool
	rng     *rand.Rand
}

// moved is the tensor with every element a random part of a unit in the last
// place away.
func (r *rounding) moved(t *onnxio.Tensor) (*onnxio.Tensor, error) {
	if !t.Elem().Float() || t.Elem() == onnxio.Float64 {
		return t, nil
	}
	unit := float32(0x1p-23)
	if half(t.Elem()) {
		unit = 0x1p-10
	}
	v, err := t.Floats()
	if err != nil {
		return nil, err
	}
	for i := range v {
		v[i] += v[i] * unit * (2*r.rng.Float32() - 1)
	}
	return t.WithFloats(v)
}

// start makes the session of the moved model. Vectors stay: some are sizes or
// exponents.
func (r *rounding) start(ctx context.Context) error {
	m := r.model.Clone()
	p := m.Graph.Edit()
	for _, t := range m.Graph.Initializers() {
		if t.Rank() < 2 || !t.Elem().Float() {
			continue
		}
		w, err := r.moved(t)
		if err != nil {
			return err
		}
		p.SetInitializer(w)
	}
	if err := p.Apply(); err != nil {
		return err
	}
	var err error
	r.session, err = ort.SessionOf(ctx, m, r.options)
	return err
}

// run gives the outputs of the moved model on moved feeds; nil where it does
// not run.
func (r *rounding) run(ctx context.Context, feeds map[string]*onnxio.Tensor) []value {
	if r.session == nil && !r.failed {
		r.failed = r.start(ctx) != nil
	}
	if r.failed {
		return nil
	}
	moved := map[string]*onnxio.Tensor{}
	for name, t := range feeds {
		w, err := r.moved(t)
		if err != nil {
			return nil
		}
		moved[name] = w
	}
	out, err := runSession(ctx, r.session, moved)
	if err != nil {
		return nil
	}
	return out
}
