package pruning_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/models/modeltest"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// net builds a small graph with random weights. A layer that makes the value
// "y" has the weights "y.w" and "y.b".
type net struct {
	t   testing.TB
	m   *onnxio.Model
	p   *onnxio.Patch
	rng *rand.Rand
}

func newNet(t testing.TB, seed uint64) *net {
	m := onnxio.New("net")
	return &net{t, m, m.Graph.Edit(), rand.New(rand.NewPCG(seed, 0))}
}

// shape reads 0 as a batch that is free.
func shape(dims ...int64) onnxio.Type {
	s := onnxio.ShapeOf(dims...)
	for i, d := range dims {
		if d == 0 {
			s[i] = onnxio.Symbol("N")
		}
	}
	return onnxio.Type{Elem: onnxio.Float32, Shape: s}
}

func (b *net) input(name string, dims ...int64) string {
	b.p.SetInputType(name, shape(dims...))
	return name
}

func (b *net) output(name string, dims ...int64) { b.p.SetOutputType(name, shape(dims...)) }

func (b *net) random(name string, dims ...int64) *onnxio.Tensor {
	n := int64(1)
	for _, d := range dims {
		n *= d
	}
	fan := max(1, n/max(1, append(dims, 1)[0]))
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(b.rng.NormFloat64() / math.Sqrt(float64(fan)))
	}
	return onnxio.NewTensor(name, dims, w)
}

func (b *net) weight(name string, dims ...int64) string {
	b.p.SetInitializer(b.random(name, dims...))
	return name
}

// positive is a vector that a variance may be.
func (b *net) positive(name string, n int64) string {
	w := make([]float32, n)
	for i := range w {
		w[i] = 0.5 + b.rng.Float32()
	}
	b.p.SetInitializer(onnxio.NewTensor(name, []int64{n}, w))
	return name
}

func (b *net) list(name string, v ...int64) string {
	b.p.SetInitializer(onnxio.NewTensor(name, []int64{int64(len(v))}, v))
	return name
}

func (b *net) constant(name string, t *onnxio.Tensor) string {
	b.p.Add(onnxio.NodeSpec{Op: "Constant", Outputs: []string{name}, Attrs: []onnxio.Attr{onnxio.TensorValue("value", t)}})
	return name
}

// op adds a node that makes out.
func (b *net) op(kind, out string, in []string, attrs ...onnxio.Attr) string {
	b.p.Add(onnxio.NodeSpec{Op: kind, Name: out, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

func (b *net) split(in []string, outs ...string) {
	b.p.Add(onnxio.NodeSpec{Op: "Split", Name: outs[0], Inputs: in, Outputs: outs, Attrs: []onnxio.Attr{onnxio.Int("axis", 1)}})
}

// conv is a same-sized convolution without a bias.
func (b *net) conv(out, x string, from, to, kernel, group int64) string {
	b.weight(out+".w", to, from/group, kernel, kernel)
	return b.convOf(out, x, []string{out + ".w"}, kernel, group)
}

func (b *net) convOf(out, x string, weights []string, kernel, group int64) string {
	p := kernel / 2
	return b.op("Conv", out, append([]string{x}, weights...), onnxio.Ints("pads", p, p, p, p), onnxio.Int("group", group))
}

func (b *net) bn(out, x string, n int64) string {
	return b.op("BatchNormalization", out, []string{
		x, b.positive(out+".scale", n), b.weight(out+".shift", n), b.weight(out+".mean", n), b.positive(out+".var", n),
	})
}

func (b *net) relu(out, x string) string { return b.op("Relu", out, []string{x}) }

func (b *net) gemm(out, x string, from, to int64) string {
	return b.op("Gemm", out, []string{x, b.weight(out+".w", to, from), b.weight(out+".b", to)}, onnxio.Int("transB", 1))
}

// head pools, flattens and classifies into 3.
func (b *net) head(x string, channels int64) {
	b.op("GlobalAveragePool", "pool", []string{x})
	b.op("Flatten", "flat", []string{"pool"})
	b.gemm("logits", "flat", channels, 3)
	b.output("logits", 0, 3)
}

func (b *net) model() *onnxio.Model {
	b.t.Helper()
	if err := b.p.Apply(); err != nil {
		b.t.Fatal(err)
	}
	return b.m
}

var (
	build = modeltest.Build
	wild  = modeltest.Wild
	with  = modeltest.With
)

func analyze(t testing.TB, m *onnxio.Model, o pruning.Options) *pruning.Analysis {
	t.Helper()
	a, err := pruning.Analyze(m, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func prune(t testing.TB, m *onnxio.Model, c pruning.Config) *pruning.Result {
	t.Helper()
	r, err := pruning.Prune(m, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verify proves a prune by running it.
func verify(t testing.TB, a *pruning.Analysis, sel pruning.Selection, m *onnxio.Model) *pruning.Verification {
	t.Helper()
	orttest.Need(t)
	v, err := a.Verify(context.Background(), sel, m, pruning.VerifyOptions{Inputs: 2, Seed: 5, Session: ort.SessionOptions{Threads: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// mustEqual prunes by a random selection and proves the outcome, which must
// not be trivial: something goes, and what is left reacts to its input.
func mustEqual(t *testing.T, m *onnxio.Model, seed uint64) *onnxio.Model {
	t.Helper()
	a := analyze(t, m, pruning.Options{})
	sel := randomSelection(a, rand.New(rand.NewPCG(seed, 2)), 0.5)
	out, plan, err := a.Apply(sel, "net")
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Initializers) == 0 {
		t.Fatal("nothing was cut")
	}
	v := verify(t, a, sel, out)
	if !v.Equal() || len(v.Mixed) > 0 || v.Scale == 0 {
		t.Errorf("the pruned model is another function than the masked one: %+v", v)
	}
	return out
}

// randomSelection keeps about the given share of every group, at least one.
func randomSelection(a *pruning.Analysis, rng *rand.Rand, share float64) pruning.Selection {
	sel := make(pruning.Selection, len(a.Groups))
	for i, g := range a.Groups {
		for k := range g.Size {
			if rng.Float64() < share {
				sel[i] = append(sel[i], k)
			}
		}
		if sel[i] == nil {
			sel[i] = []int{rng.IntN(g.Size)}
		}
	}
	return sel
}

func dims(t testing.TB, m *onnxio.Model, name string) []int64 {
	t.Helper()
	w := m.Graph.Initializer(name)
	if w == nil {
		t.Fatalf("the model has no initializer %q", name)
	}
	return w.Dims()
}

// groups writes each group as its size and members.
func groups(a *pruning.Analysis) []string {
	var out []string
	for _, g := range a.Groups {
		out = append(out, fmt.Sprint(g.Size, " ", g.Members))
	}
	return out
}

func wantGroups(t testing.TB, a *pruning.Analysis, want ...string) {
	t.Helper()
	if got := groups(a); !slices.Equal(got, want) {
		t.Errorf("groups\n%q\nwant\n%q", got, want)
	}
}

// reason is why an axis of a weight is pinned, "" where it is not.
func reason(a *pruning.Analysis, weight string, axis int) string {
	for _, p := range a.Pinned {
		if p.Initializer == weight && p.Axis == axis {
			return p.Reason
		}
	}
	return ""
}

func marshal(t testing.TB, m *onnxio.Model) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
