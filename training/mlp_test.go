package training

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// twoLayers is logits = W2·relu(W1·x + b1) + b2 with seeded weights.
func twoLayers(seed uint64, in, hidden, classes int64) *onnxio.Model {
	rng := rand.New(rand.NewPCG(seed, 2))
	m := onnxio.New("two layers")
	p := m.Graph.Edit()
	weight := func(name string, dims ...int64) {
		n := int64(1)
		for _, d := range dims {
			n *= d
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64()) * 0.3
		}
		p.SetInitializer(onnxio.NewTensor(name, dims, v))
	}
	weight("w1", hidden, in)
	weight("b1", hidden)
	weight("w2", classes, hidden)
	weight("b2", classes)
	p.SetInputType("x", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(in)}})
	p.Add(onnxio.NodeSpec{Op: "Gemm", Inputs: []string{"x", "w1", "b1"}, Outputs: []string{"h"}, Attrs: []onnxio.Attr{onnxio.Int("transB", 1)}})
	p.Add(onnxio.NodeSpec{Op: "Relu", Inputs: []string{"h"}, Outputs: []string{"r"}})
	p.Add(onnxio.NodeSpec{Op: "Gemm", Inputs: []string{"r", "w2", "b2"}, Outputs: []string{"logits"}, Attrs: []onnxio.Attr{onnxio.Int("transB", 1)}})
	p.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{onnxio.Symbol("N"), onnxio.Known(classes)}})
	if err := p.Apply(); err != nil {
		panic(err)
	}
	return m
}

// TestStepEqualsArithmetic takes three steps of a two-layer network by every
// optimiser and compares loss, weights and slots with the same arithmetic in
// float64.
func TestStepEqualsArithmetic(t *testing.T) {
	orttest.Need(t)
	for _, c := range []struct {
		name  string
		o     Optimizer
		decay Decay
	}{
		{"plain", SGD{}, DecayAll},
		{"momentum", SGD{Momentum: 0.9, WeightDecay: 0.01}, ""},
		{"nesterov", SGD{Momentum: 0.9, WeightDecay: 0.01, Nesterov: true}, DecayAll},
		{"sparing biases", SGD{Momentum: 0.5, WeightDecay: 0.1}, DecayWeights},
		{"adam", Adam{WeightDecay: 0.01}, DecayAll},
		{"adam of other settings", Adam{Beta1: 0.5, Beta2: 0.75, Epsilon: 0.25}, DecayAll},
		{"adamw", AdamW{WeightDecay: 0.01}, DecayAll},
		{"adamw sparing biases", AdamW{WeightDecay: 0.1}, DecayWeights},
	} {
		t.Run(c.name, func(t *testing.T) { compareSteps(t, c.o, c.decay) })
	}
}

func compareSteps(t *testing.T, o Optimizer, decay Decay) {
	const in, hidden, classes, n, rate = 7, 11, 5, 6, 0.0625
	m := twoLayers(3, in, hidden, classes)
	step, err := NewStep(m, StepOptions{Optimizer: o, Decay: decay})
	if err != nil {
		t.Fatal(err)
	}
	defer step.Close()
	ref := newReference(t, m)
	for k := range 3 {
		set := noise(uint64(k), n, classes, in)
		b, err := step.NewBatch(n)
		if err != nil {
			t.Fatal(err)
		}
		x := mat.NewDense(n, in, nil)
		for i := range n {
			copy(b.Samples()[i*in:], set.x[i])
			for j, v := range set.x[i] {
				x.Set(i, j, float64(v))
			}
			b.SetLabel(i, set.labels[i])
		}
		got, err := step.Run(context.Background(), b, rate)
		if err != nil {
			t.Fatal(err)
		}
		loss, grads := ref.gradients(x, set.labels)
		for name, g := range grads {
			decays := decay != DecayWeights || name[0] == 'w'
			ref.update(name, g.RawMatrix().Data, o, rate, k+1, decays)
		}
		if math.Abs(float64(got)-loss) > 1e-6 {
			t.Errorf("step %d: loss %v, want %v", k, got, loss)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	for i, v := range step.graph.state {
		want := ref.slots[v.name]
		if v.kind == parameter {
			want = ref.w[v.name].RawMatrix().Data
		}
		for j, got := range step.values(i) {
			if math.Abs(float64(got)-want[j]) > 1e-6 {
				t.Fatalf("%s[%d] = %v, want %v", v.name, j, got, want[j])
			}
		}
	}
}

// reference is the network in gonum; biases are rows.
type reference struct {
	w     map[string]*mat.Dense
	slots map[string][]float64
}

func newReference(t *testing.T, m *onnxio.Model) *reference {
	r := &reference{map[string]*mat.Dense{}, map[string][]float64{}}
	for _, c := range m.Graph.Initializers() {
		f, err := c.Floats()
		if err != nil {
			t.Fatal(err)
		}
		d := make([]float64, len(f))
		for i, x := range f {
			d[i] = float64(x)
		}
		cols := int(c.Dim(c.Rank() - 1))
		r.w[c.Name()] = mat.NewDense(len(d)/cols, cols, d)
	}
	return r
}

// gradients returns those of the mean cross-entropy.
func (r *reference) gradients(x *mat.Dense, labels []int) (loss float64, grads map[string]*mat.Dense) {
	n, _ := x.Dims()
	layer := func(x mat.Matrix, w, b string) *mat.Dense {
		var y mat.Dense
		y.Mul(x, r.w[w].T())
		y.Apply(func(_, j int, v float64) float64 { return v + r.w[b].At(0, j) }, &y)
		return &y
	}
	h := layer(x, "w1", "b1")
	var relu mat.Dense
	relu.Apply(func(_, _ int, v float64) float64 { return max(v, 0) }, h)
	logits := layer(&relu, "w2", "b2")
	dy := mat.DenseCopyOf(logits)
	for i := range n {
		row := logits.RawRowView(i)
		sum := 0.0
		for _, v := range row {
			sum += math.Exp(v)
		}
		loss += (math.Log(sum) - row[labels[i]]) / float64(n)
		for j, v := range row {
			p := math.Exp(v) / sum
			if j == labels[i] {
				p--
			}
			dy.Set(i, j, p/float64(n))
		}
	}
	var dw2, dr, dw1 mat.Dense
	dw2.Mul(dy.T(), &relu)
	dr.Mul(dy, r.w["w2"])
	dr.Apply(func(i, j int, v float64) float64 {
		if h.At(i, j) <= 0 {
			return 0
		}
		return v
	}, &dr)
	dw1.Mul(dr.T(), x)
	return loss, map[string]*mat.Dense{"w1": &dw1, "b1": rowSum(&dr), "w2": &dw2, "b2": rowSum(dy)}
}

func rowSum(m *mat.Dense) *mat.Dense {
	n, c := m.Dims()
	s := mat.NewDense(1, c, nil)
	for i := range n {
		for j := range c {
			s.Set(0, j, s.At(0, j)+m.At(i, j))
		}
	}
	return s
}

// update takes one step, of number t, of a parameter.
func (r *reference) update(name string, g []float64, o Optimizer, rate float64, t int, decays bool) {
	w := r.w[name].RawMatrix().Data
	slot := func(kind string) []float64 {
		key := kind + "/" + name
		if r.slots[key] == nil {
			r.slots[key] = make([]float64, len(w))
		}
		return r.slots[key]
	}
	coupled := func(decay float32) {
		for i := range g {
			if decays {
				g[i] += float64(decay) * w[i]
			}
		}
	}
	adam := func(o Adam) {
		o = o.settings()
		m, v := slot("moment1"), slot("moment2")
		for i := range w {
			m[i] = o.Beta1*m[i] + (1-o.Beta1)*g[i]
			v[i] = o.Beta2*v[i] + (1-o.Beta2)*g[i]*g[i]
			mean := m[i] / (1 - math.Pow(o.Beta1, float64(t)))
			w[i] -= rate * mean / (math.Sqrt(v[i]/(1-math.Pow(o.Beta2, float64(t)))) + o.Epsilon)
		}
	}
	switch o := o.(type) {
	case SGD:
		coupled(o.WeightDecay)
		v := slot("momentum")
		for i := range w {
			v[i] = float64(o.Momentum)*v[i] + g[i]
			step := v[i]
			if o.Nesterov {
				step = g[i] + float64(o.Momentum)*v[i]
			}
			w[i] -= rate * step
		}
	case Adam:
		coupled(o.WeightDecay)
		adam(o)
	case AdamW:
		if decays {
			for i := range w {
				w[i] *= 1 - rate*float64(o.WeightDecay)
			}
		}
		adam(Adam(o))
	}
}
