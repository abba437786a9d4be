package pruning_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

// composition is a part that networks are built of, as exporters write it.
// What can be pruned of it is worked out by hand.
type composition struct {
	name  string
	build func(s *sketch)
	want  []string // the groups
	// pinned gives, for axes such as "y.w:0", a part of the reason that they
	// stay.
	pinned map[string]string
	// mixed lists the operators that mix values along a pruned axis.
	mixed []string
	// reshapes says that the graph holds extents as numbers: it is built with
	// a batch that is free, with a fixed one, and with its shapes computed at
	// run time.
	reshapes bool
	// stays says why a batch that the inputs fix cannot be freed.
	stays string
}

func compositions() []composition {
	return slices.Concat(convolutional, attentive, windowed, detecting, recurring, positioned, computed)
}

// model builds the composition in one form.
func (c *composition) model(s *sketch) *onnxio.Model {
	c.build(s)
	m := s.model()
	if s.edit != nil {
		m = reparse(s.t, m, s.edit)
	}
	return m
}

// sketch builds a composition in one of its forms.
type sketch struct {
	*net
	batch    int64                    // 0 is a free one
	computed bool                     // shapes are read off the input at run time
	edit     func(*onnxpb.ModelProto) // where set, what a patch cannot do
}

// TestEveryComposition prunes each composition by several random selections
// and a uniform one, and proves that the outcome is the masked network and
// costs less.
func TestEveryComposition(t *testing.T) {
	for _, c := range compositions() {
		t.Run(c.name, func(t *testing.T) {
			c.prove(t, 0, false)
			if c.reshapes {
				t.Run("fixed batch", func(t *testing.T) { c.prove(t, 2, false) })
				t.Run("computed shapes", func(t *testing.T) { c.prove(t, 0, true) })
			}
		})
	}
}

func (c *composition) prove(t *testing.T, batch int64, computed bool) {
	t.Parallel()
	m := c.model(&sketch{net: newNet(t, 11), batch: batch, computed: computed})
	a := analyze(t, m, pruning.Options{})
	wantGroups(t, a, c.want...)
	for axis, want := range c.pinned {
		name, k, _ := strings.Cut(axis, ":")
		if got := reason(a, name, int(k[0]-'0')); !strings.Contains(got, want) || got == "" {
			t.Errorf("%s is pinned by %q, want %q", axis, got, want)
		}
	}
	for i, share := range []float64{0.3, 0.7} {
		c.equal(t, a, someOf(a, rand.New(rand.NewPCG(uint64(i), 7)), share))
	}
	scores, err := a.Scores(pruning.Criteria[0], 0)
	if err != nil {
		t.Fatal(err)
	}
	sel, err := a.Uniform(0.5, scores)
	if err != nil {
		t.Fatal(err)
	}
	c.equal(t, a, sel)
}

// someOf keeps a share of every group at random, at least one and never all.
func someOf(a *pruning.Analysis, rng *rand.Rand, share float64) pruning.Selection {
	sel := make(pruning.Selection, len(a.Groups))
	for i, g := range a.Groups {
		n := min(max(int(share*float64(g.Size)), 1), g.Size-1)
		sel[i] = rng.Perm(g.Size)[:n]
		slices.Sort(sel[i])
	}
	return sel
}

// equal cuts a composition and compares the outcome with the masked one.
func (c *composition) equal(t *testing.T, a *pruning.Analysis, sel pruning.Selection) {
	t.Helper()
	out, plan, err := a.Apply(sel, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Initializers) == 0 {
		t.Fatal("nothing was cut")
	}
	v := verify(t, a, sel, out)
	if !v.Equal() || v.Scale == 0 {
		t.Errorf("the pruned model is another function than the masked one: %+v", v)
	}
	for _, node := range v.Mixed {
		if !slices.ContainsFunc(c.mixed, func(op string) bool { return strings.HasSuffix(node, "("+op+")") }) {
			t.Errorf("%s mixes values along a pruned axis", node)
		}
	}
	if err := readBack(a.Source, out, pruning.VerifyOptions{Inputs: 1, Session: plain}); err != nil {
		t.Error(err)
	}
	if err := exports(out, pruning.VerifyOptions{Session: plain}); err != nil {
		t.Error(err)
	}
	before, after := macs(t, a.Source), macs(t, out)
	if after >= before {
		t.Errorf("%d multiply-accumulates of %d are left", after, before)
	}
}

func macs(t *testing.T, m *onnxio.Model) int64 {
	t.Helper()
	s, err := op.CountModel(m, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s.MACs
}

// in and out declare the network's ends, whose first axis is the batch.
func (s *sketch) in(dims ...int64) { s.input("x", append([]int64{s.batch}, dims...)...) }

func (s *sketch) out(name string, dims ...int64) {
	s.output(name, append([]int64{s.batch}, dims...)...)
}

// numbers is a constant list, in a Constant node as exporters write it.
func (s *sketch) numbers(name string, v ...int64) string {
	return s.constant(name, onnxio.NewTensor("", []int64{int64(len(v))}, v))
}

func (s *sketch) scalar(name string, v float32) string {
	return s.constant(name, onnxio.Scalar("", v))
}

// sizes is a list of extents; a negative one −n is n times the batch.
func (s *sketch) sizes(name string, dims ...int64) string {
	if !s.computed {
		dims = slices.Clone(dims)
		for i, d := range dims {
			switch {
			case d < 0 && s.batch == 0:
				dims[i] = -1
			case d < 0:
				dims[i] = -d * s.batch
			}
		}
		return s.numbers(name, dims...)
	}
	var parts []string
	for i, d := range dims {
		part := fmt.Sprint(name, ".", i)
		if d >= 0 {
			parts = append(parts, s.numbers(part, d))
			continue
		}
		n := s.extent(part, "x", 0)
		if d < -1 {
			n = s.op("Mul", part+".times", []string{n, s.constant(part+".n", onnxio.Scalar("", -d))})
		}
		parts = append(parts, s.op("Unsqueeze", part, []string{n, s.numbers(part+".at", 0)}))
	}
	return s.op("Concat", name, parts, onnxio.Int("axis", 0))
}

// extent reads the extent of an axis at run time.
func (s *sketch) extent(name, x string, axis int64) string {
	s.op("Shape", name+".shape", []string{x})
	return s.op("Gather", name+".extent", []string{name + ".shape", s.constant(name+".axis", onnxio.Scalar("", axis))}, onnxio.Int("axis", 0))
}

func (s *sketch) reshape(out, x string, dims ...int64) string {
	return s.op("Reshape", out, []string{x, s.sizes(out+".to", dims...)})
}

func (s *sketch) transpose(out, x string, perm ...int64) string {
	return s.op("Transpose", out, []string{x}, onnxio.Ints("perm", perm...))
}

func (s *sketch) add(out, x, y string) string { return s.op("Add", out, []string{x, y}) }

func (s *sketch) mul(out, x, y string) string { return s.op("Mul", out, []string{x, y}) }

func (s *sketch) concat(out string, axis int64, parts ...string) string {
	return s.op("Concat", out, parts, onnxio.Int("axis", axis))
}

func (s *sketch) slice(out, x string, axis, from, to, step int64) string {
	return s.op("Slice", out, []string{x, s.numbers(out+".from", from), s.numbers(out+".upto", to), s.numbers(out+".axes", axis), s.numbers(out+".step", step)})
}

// strided is a convolution of stride 2 that halves a map of even sides.
func (s *sketch) strided(out, x string, from, to int64) string {
	s.weight(out+".w", to, from, 3, 3)
	return s.op("Conv", out, []string{x, out + ".w"}, onnxio.Ints("pads", 1, 1, 1, 1), onnxio.Ints("strides", 2, 2))
}

// biased is a same-sized convolution with a bias.
func (s *sketch) biased(out, x string, from, to, kernel, group int64) string {
	s.weight(out+".w", to, from/group, kernel, kernel)
	return s.convOf(out, x, []string{out + ".w", s.weight(out+".b", to)}, kernel, group)
}

// bnOf are the members that a BatchNormalization adds to a group.
func bnOf(name string) string {
	return fmt.Sprintf("%s.scale:0 %[1]s.shift:0 %[1]s.mean:0 %[1]s.var:0", name)
}
