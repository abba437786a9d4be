package pruning_test

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

var (
	graphs = flag.Uint64("graphs", 0, "how many random graphs TestAnyGraph prunes; 0 is two for every operator")
	first  = flag.Uint64("graph", 0, "the seed of the first of them")
)

// notDrawn are the operators that TestAnyGraph leaves out, and why.
var notDrawn = map[string]string{
	"Bernoulli":         isChance,
	"Multinomial":       isChance,
	"RandomNormal":      isChance,
	"RandomNormalLike":  isChance,
	"RandomUniform":     isChance,
	"RandomUniformLike": isChance,
	"Range":             isFolded,
	"Size":              isFolded,
}

const (
	isChance = "what it gives is another in every run"
	isFolded = "what it gives is known but for a free batch, and folded into a constant"
)

// drawable are the operators that graphs are grown of.
var drawable = func() []op.Def {
	list := slices.DeleteFunc(slices.Clone(op.Table()), func(d op.Def) bool { return notDrawn[nameOf(d.Domain, d.Type)] != "" })
	for i, d := range list {
		if d.Type == "BatchNormalization" {
			// In training mode the runtime writes running statistics over
			// constants that it shares, and differs from itself.
			list[i].Cases = slices.DeleteFunc(slices.Clone(d.Cases), func(c op.Case) bool { return c.Out > 1 })
		}
	}
	return list
}()

// plain sessions are made faster, and no operator is replaced by another.
var plain = ort.SessionOptions{Threads: 1, Optimization: ort.OptimizeNone}

// TestAnyGraph prunes graphs grown at random of all operators of the table
// and finds each to be the masked one. A graph is all that its seed makes of
// it: go test -run TestAnyGraph -graph SEED -graphs 1 repeats one that failed.
func TestAnyGraph(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	n := *graphs
	if n == 0 {
		n = 2 * uint64(len(drawable))
	}
	all := &tally{drawn: map[string]int{}, cut: map[string]int{}}
	t.Cleanup(func() {
		t.Logf("%d graphs, %d of them invalid, %d without anything to cut", n, all.invalid, all.whole)
		if *graphs == 0 && !t.Failed() {
			all.check(t, n)
		}
	})
	const shards = 4
	for i := range uint64(shards) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for s := *first + i; s < *first+n && !t.Failed(); s += shards {
				if g := grown(t, s, nil); g == nil {
					all.add(nil)
				} else if out, err := pruned(g, s); err != nil {
					report(t, s, err)
				} else {
					all.add(out)
				}
			}
		})
	}
}

// outcome is what came of pruning one graph.
type outcome struct {
	drawn map[string]bool // operators that ran
	cut   map[string]bool // those of which an input or output lost indices
}

// tally adds up outcomes, by operator.
type tally struct {
	mu             sync.Mutex
	drawn, cut     map[string]int
	invalid, whole int
}

// add counts a graph; nil is one that the runtime did not take.
func (a *tally) add(o *outcome) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case o == nil:
		a.invalid++
		return
	case len(o.cut) == 0:
		a.whole++
	}
	for name := range o.drawn {
		a.drawn[name]++
	}
	for name := range o.cut {
		a.cut[name]++
	}
}

// check finds out whether n graphs have shown anything.
func (a *tally) check(t *testing.T, n uint64) {
	if idle := a.invalid + a.whole; uint64(idle) > n/10 {
		t.Errorf("nothing was cut of %d graphs of %d", idle, n)
	}
	var whole []string
	for _, d := range op.Table() {
		name := nameOf(d.Domain, d.Type)
		switch {
		case a.drawn[name] == 0 && notDrawn[name] == "":
			t.Errorf("%s is in no graph", name)
		case a.cut[name] == 0:
			whole = append(whole, name)
		}
	}
	t.Logf("no index was removed at %v", whole)
}

func nameOf(domain, op string) string {
	if domain == "" {
		return op
	}
	return domain + "." + op
}

// report shrinks a graph that fails to the steps that it takes to fail and
// prints it.
func report(t *testing.T, s uint64, err error) {
	t.Helper()
	without := map[int]bool{}
	for again := true; again; {
		again = false
		for i := range steps {
			if without[i] {
				continue
			}
			without[i] = true
			g := grown(t, s, without)
			if g != nil {
				if _, e := pruned(g, s); e != nil {
					err, again = e, true
					continue
				}
			}
			delete(without, i)
		}
	}
	g := grown(t, s, without)
	var b strings.Builder
	if e := g.m.WriteText(&b); e != nil {
		t.Fatal(e)
	}
	t.Errorf("graph %d: %v\n%s", s, err, b.String())
}

// pruned cuts a graph at random and compares it with the masked one.
func pruned(g *growth, s uint64) (*outcome, error) {
	rng := rand.New(rand.NewPCG(s, 5))
	a, err := pruning.Analyze(g.m, pruning.Options{Parts: pick(rng, []pruning.Parts{pruning.Widest, pruning.Whole, pruning.Within})})
	if err != nil {
		return nil, err
	}
	sel := someOf(a, rng, 0.2+0.6*rng.Float64())
	for i := range sel {
		if rng.IntN(4) == 0 {
			sel[i] = nil
		}
	}
	m, _, err := a.Apply(sel, "")
	if err != nil {
		return nil, fmt.Errorf("%w\ngroups %q\nselection %v", err, groups(a), sel)
	}
	// Where values go in steps, one that lies on the edge of a step may fall to
	// either side; it does so for one input and not for all.
	var v *pruning.Verification
	for seed := range uint64(3) {
		if v, err = a.Verify(context.Background(), sel, m, pruning.VerifyOptions{Inputs: 1, Seed: seed, Session: plain}); err == nil && v.Equal() {
			if err := readBack(g.m, m, pruning.VerifyOptions{Inputs: 1, Session: plain}); err != nil {
				return nil, fmt.Errorf("%w\ngroups %q\nselection %v", err, groups(a), sel)
			}
			if err := exports(m, pruning.VerifyOptions{Session: plain}); err != nil && !strings.Contains(err.Error(), "not finite") {
				return nil, fmt.Errorf("%w\ngroups %q\nselection %v", err, groups(a), sel)
			}
			return ran(a.Model, m)
		}
	}
	if err != nil && strings.Contains(err.Error(), "not finite") {
		if ofOneValue(m) {
			return &outcome{}, nil
		}
		masked, e := a.Masked(sel)
		if e == nil && !finite(m) && !finite(masked) {
			return &outcome{}, nil // both take the root of what rounding leaves of a variance
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w\ngroups %q\nselection %v", err, groups(a), sel)
	}
	return nil, fmt.Errorf("%+v\ngroups %q\nselection %v", v, groups(a), sel)
}

// runs is an error where the runtime refuses a model, or gives what is not
// finite.
func runs(m *onnxio.Model, seed uint64) error {
	b, err := m.Marshal()
	if err != nil {
		return err
	}
	s, err := ort.NewSession(b, plain)
	if err != nil {
		return err
	}
	defer s.Close()
	rng := rand.New(rand.NewPCG(seed, 6))
	in, out := make([]*ort.Tensor, len(s.Inputs())), make([]*ort.Tensor, len(s.Outputs()))
	for i, v := range s.Inputs() {
		if in[i], err = ort.Random(rng, v.Elem, feedShape(m, v.Name)...); err != nil {
			return err
		}
		defer in[i].Close()
	}
	if err := s.Run(context.Background(), in, out); err != nil {
		return err
	}
	for i, x := range out {
		for _, v := range ort.Data[float32](x) {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				err = fmt.Errorf("output %d is not finite", i)
			}
		}
		x.Close()
	}
	return err
}

// finite reports whether a model gives finite outputs on what the last
// verification fed.
func finite(m *onnxio.Model) bool {
	_, err := pruning.Compare(context.Background(), m, m, pruning.VerifyOptions{Inputs: 1, Seed: 2, Session: plain})
	return err == nil
}

// ofOneValue reports whether a model takes the variance of single values, of which
// rounding leaves something below zero now and then.
func ofOneValue(m *onnxio.Model) bool {
	f, err := op.InferGraph(m, op.InferOptions{})
	return err == nil && slices.ContainsFunc(m.Graph.Nodes(), func(n *onnxio.Node) bool {
		if n.Op() != "MeanVarianceNormalization" {
			return false
		}
		axes := n.Ints("axes")
		if axes == nil {
			axes = []int64{0, 2, 3}
		}
		x := f.Types[n.Input(0)].Shape
		return !slices.ContainsFunc(axes, func(k int64) bool { return !x[(k+int64(len(x)))%int64(len(x))].Is(1) })
	})
}

// feedShape is an input's shape with a batch of 2.
func feedShape(m *onnxio.Model, name string) []int64 {
	var dims []int64
	for _, v := range m.Graph.Inputs() {
		if v.Name == name {
			for _, d := range v.Type.Shape {
				dims = append(dims, d.Or(2))
			}
		}
	}
	return dims
}

// ran tells the operators of a model, and those that the pruned model m has
// on other shapes.
func ran(dense, m *onnxio.Model) (*outcome, error) {
	before, err := op.InferGraph(dense, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	after, err := op.InferGraph(m, op.InferOptions{})
	if err != nil {
		return nil, err
	}
	out := &outcome{map[string]bool{}, map[string]bool{}}
	for _, n := range dense.Graph.Nodes() {
		name := nameOf(n.Domain(), n.Op())
		out.drawn[name] = true
		for _, v := range slices.Concat(n.Inputs(), n.Outputs()) {
			x, y := before.Types[v].Shape, after.Types[v].Shape
			if v != "" && x != nil && y != nil && !x.Equal(y) {
				out.cut[name] = true
			}
		}
	}
	return out, nil
}
