package pruning_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// steps is how many steps a graph grows by.
const steps = 7

// free is an extent that is the batch, which is not known.
const free = -1

// growth is a graph that is grown step by step. Every value that has been
// made and not been read yet is in the pool; a step takes some and brings
// them to the shapes that it needs by matrix products along their axes.
type growth struct {
	t     testing.TB
	m     *onnxio.Model
	p     *onnxio.Patch
	rng   *rand.Rand
	opset int64
	batch int64 // free, or its extent
	names int
	dims  map[string][]int64
	all   []string // every float value with shapes that are known
	read  map[string]bool
	loose []string // values whose shape is not known: nothing but an output can be made of them
}

// opsets are those that graphs are grown in.
var opsets = []int64{7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24}

// grown is the graph of a seed, without some of its steps; nil where the
// runtime does not take it. One of a free batch that it does not take is tried
// with a fixed one: a case's constants may be for that.
func grown(t testing.TB, seed uint64, without map[int]bool) *growth {
	t.Helper()
	g := grow(t, seed, without, false)
	err := runs(g.m, seed)
	if err != nil && g.batch == free {
		g = grow(t, seed, without, true)
		err = runs(g.m, seed)
	}
	if err != nil {
		return nil
	}
	return g
}

// grow makes the graph of a seed. Each step has a generator of its own, so that
// it does the like with or without the others.
func grow(t testing.TB, seed uint64, without map[int]bool, fixed bool) *growth {
	t.Helper()
	g := &growth{t: t, m: onnxio.New("grown"), rng: rand.New(rand.NewPCG(seed, 0)), dims: map[string][]int64{}, read: map[string]bool{}}
	d := &drawable[seed%uint64(len(drawable))]
	c := &d.Cases[seed/uint64(len(drawable))%uint64(len(d.Cases))]
	var fitting []int64
	for _, v := range opsets {
		if valid(d, c, v) {
			fitting = append(fitting, v)
		}
	}
	g.opset, g.batch = pick(g.rng, fitting), 2
	if g.rng.IntN(3) == 0 && !fixed {
		g.batch = free
	}
	g.m.SetOpset("", g.opset)
	g.m.SetOpset("com.microsoft", 1)
	g.p = g.m.Graph.Edit()
	g.input("x", g.batch, 3, 4, 5)
	g.input("z", g.batch, 6)
	for i := range steps {
		g.rng = rand.New(rand.NewPCG(seed, uint64(i)+1))
		if without[i] {
			continue
		}
		g.try(func() bool {
			switch k := g.rng.IntN(10); {
			case i == 0:
				return g.apply(d, c)
			case k < 5:
				return g.anyCase()
			default:
				return g.block(k - 5)
			}
		})
	}
	g.rng = rand.New(rand.NewPCG(seed, 99))
	g.finish()
	return g
}

func pick[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// valid reports whether a case means the same in another opset.
func valid(d *op.Def, c *op.Case, opset int64) bool {
	if d.Domain != "" {
		return opset >= c.Version()
	}
	form := func(v int64) int64 {
		last := int64(0)
		for _, s := range d.Since {
			if s <= v {
				last = s
			}
		}
		return last
	}
	return form(opset) == form(c.Version()) && form(opset) > 0
}

// try takes a step, which is undone where it cannot be taken.
func (g *growth) try(step func() bool) {
	was := *g
	was.m, was.all, was.loose = g.m.Clone(), slices.Clone(g.all), slices.Clone(g.loose)
	was.read = map[string]bool{}
	for k, v := range g.read {
		was.read[k] = v
	}
	g.p = g.m.Graph.Edit()
	if step() && g.p.Apply() == nil && g.infer() == nil {
		return
	}
	*g = was
}

// infer learns the shapes of what was added.
func (g *growth) infer() error {
	f, err := op.InferGraph(g.m, op.InferOptions{})
	if err != nil {
		return err
	}
	for i := 0; i < len(g.all); i++ {
		v := g.all[i]
		if g.dims[v] != nil {
			continue
		}
		dims, ok := g.extents(f.Types[v].Shape)
		if !ok {
			g.all = slices.Delete(g.all, i, i+1)
			g.loose = append(g.loose, v)
			i--
			continue
		}
		g.dims[v] = dims
	}
	return nil
}

// extents are a shape's, where they are known but for a batch in front.
func (g *growth) extents(s onnxio.Shape) ([]int64, bool) {
	dims := make([]int64, len(s))
	for k, d := range s {
		n, ok := d.Value()
		if !ok && k == 0 && d.String() == "N" {
			n, ok = free, true
		}
		if !ok || n == 0 || n > 64 {
			return nil, false
		}
		dims[k] = n
	}
	return dims, s != nil && (g.batch != free || (len(dims) > 0 && dims[0] == free))
}

func (g *growth) fresh() string {
	g.names++
	return fmt.Sprint("v", g.names)
}

func (g *growth) input(name string, dims ...int64) {
	s := onnxio.ShapeOf(dims...)
	if dims[0] == free {
		s[0] = onnxio.Symbol("N")
	}
	g.p.SetInputType(name, onnxio.Type{Elem: onnxio.Float32, Shape: s})
	g.all = append(g.all, name)
	g.dims[name] = dims
	if err := g.p.Apply(); err != nil {
		g.t.Fatal(err)
	}
	g.p = g.m.Graph.Edit()
}

// op adds a node that makes one value.
func (g *growth) op(kind string, in []string, attrs ...onnxio.Attr) string {
	out := g.fresh()
	g.p.Add(onnxio.NodeSpec{Op: kind, Inputs: in, Outputs: []string{out}, Attrs: attrs})
	return out
}

// made is op for a value whose shape is known.
func (g *growth) made(dims []int64, kind string, in []string, attrs ...onnxio.Attr) string {
	out := g.op(kind, in, attrs...)
	g.dims[out] = dims
	return out
}

// give puts a value into the pool.
func (g *growth) give(v string) { g.all = append(g.all, v) }

// weight is a random constant.
func (g *growth) weight(dims ...int64) string {
	n, fan := int64(1), int64(1)
	for i, d := range dims {
		n *= d
		if i < len(dims)-1 {
			fan *= d
		}
	}
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(g.rng.NormFloat64() / math.Sqrt(float64(fan)))
	}
	name := g.fresh()
	g.p.SetInitializer(onnxio.NewTensor(name, dims, w))
	return name
}

func (g *growth) list(v ...int64) string {
	name := g.fresh()
	g.p.SetInitializer(onnxio.NewTensor(name, []int64{int64(len(v))}, v))
	return name
}

func (g *growth) scalar(v float32) string {
	name := g.fresh()
	g.p.SetInitializer(onnxio.Scalar(name, v))
	return name
}

// take reads a value from the pool, one of the last few with preference.
func (g *growth) take() string {
	at := g.rng.IntN(len(g.all))
	if g.rng.IntN(4) > 0 {
		at = len(g.all) - 1 - g.rng.IntN(min(3, len(g.all)))
	}
	g.read[g.all[at]] = true
	return g.all[at]
}

// fit brings a value to a shape: axes are merged, split and dropped by
// Reshape, and extents changed by matrix products and selections.
func (g *growth) fit(v string, want []int64) string {
	low := 0
	if g.batch == free {
		low = 1
	}
	for len(g.dims[v]) > len(want) {
		have := g.dims[v]
		if k := low + g.rng.IntN(len(have)-low); k+1 < len(have) && g.rng.IntN(2) == 0 {
			v = g.reshape(v, slices.Concat(have[:k], []int64{have[k] * have[k+1]}, have[k+2:]))
		} else {
			v = g.along(v, k, 1)
			v = g.reshape(v, slices.Concat(have[:k], have[k+1:]))
		}
	}
	for len(g.dims[v]) < len(want) {
		have := g.dims[v]
		k := low + g.rng.IntN(len(have)-low+1)
		if k < len(have) && have[k] > 1 && have[k]%2 == 0 && g.rng.IntN(2) == 0 {
			v = g.reshape(v, slices.Concat(have[:k], []int64{2, have[k] / 2}, have[k+1:]))
		} else {
			v = g.reshape(v, slices.Concat(have[:k], []int64{1}, have[k:]))
		}
	}
	for k, n := range want {
		if g.dims[v][k] != n {
			v = g.along(v, k, n)
		}
	}
	return v
}

func (g *growth) reshape(v string, dims []int64) string {
	to := slices.Clone(dims)
	for i, d := range to {
		if d == free {
			to[i] = int64(g.rng.IntN(2)) - 1
		}
	}
	if k := len(to); k > 0 && !slices.Contains(to, -1) && g.rng.IntN(4) == 0 {
		to[g.rng.IntN(k)] = -1
	}
	return g.made(dims, "Reshape", []string{v, g.list(to...)})
}

// along changes the extent of an axis.
func (g *growth) along(v string, k int, n int64) string {
	have := g.dims[v]
	if have[k] == free || n == free {
		return v
	}
	dims := slices.Clone(have)
	dims[k] = n
	if g.rng.IntN(4) == 0 {
		at := make([]int64, n)
		for i := range at {
			at[i] = g.rng.Int64N(have[k])
		}
		return g.made(dims, "Gather", []string{v, g.list(at...)}, onnxio.Int("axis", int64(k)))
	}
	last := len(have) - 1
	if k == last {
		return g.made(dims, "MatMul", []string{v, g.weight(have[k], n)})
	}
	perm := make([]int64, len(have))
	for i := range perm {
		perm[i] = int64(i)
	}
	perm[k], perm[last] = int64(last), int64(k)
	turned := slices.Clone(have)
	turned[k], turned[last] = have[last], have[k]
	v = g.made(turned, "Transpose", []string{v}, onnxio.Ints("perm", perm...))
	turned = slices.Clone(turned)
	turned[last] = n
	v = g.made(turned, "MatMul", []string{v, g.weight(have[k], n)})
	return g.made(dims, "Transpose", []string{v}, onnxio.Ints("perm", perm...))
}

// finish makes a small output of every value that nothing reads, in which all
// its axes are summed over.
func (g *growth) finish() {
	g.p = g.m.Graph.Edit()
	outputs := 0
	output := func(v string) {
		g.p.SetOutputType(v, onnxio.Type{Elem: onnxio.Float32})
		outputs++
	}
	for _, v := range g.all {
		if g.read[v] || v == "x" || v == "z" {
			continue
		}
		dims := g.dims[v]
		switch {
		case len(dims) > 1 && g.rng.IntN(4) == 0:
			n := int64(1)
			for _, d := range dims {
				if d != free {
					n *= d
				}
			}
			n0 := int64(1)
			if g.batch == free {
				n0 = free
			}
			v = g.along(g.reshape(v, []int64{n0, n}), 1, 3)
		default:
			for k, d := range dims {
				if d > 1 || k == len(dims)-1 {
					v = g.along(v, k, 1+g.rng.Int64N(2))
				}
			}
		}
		output(v)
	}
	for _, v := range g.loose {
		output(v)
	}
	if outputs == 0 {
		output(g.op("Identity", []string{"x"}))
	}
	if err := g.p.Apply(); err != nil {
		g.t.Fatal(err)
	}
	if err := op.Sweep(g.m.Graph); err != nil {
		g.t.Fatal(err)
	}
}
