package pruning

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// stop is a node of the dense model at which the pruned one is fitted to it.
type stop struct {
	dense  *onnxio.Node
	index  int
	linear bool // its weights are solved; others are normalisations
	// Value is compared with the dense model's. Sum is the axis of it that tells
	// the sums of a place, or the channels, apart.
	value string
	sum   int
	kept  [][]int // the indices that stay, by axis
	whole []bool  // all do
}

// stopAt says what is fitted at a node; nil is nothing.
func (rc *recovering) stopAt(n *onnxio.Node) *stop {
	s := &stop{dense: n, index: len(rc.stops), sum: 1, value: n.Output(0)}
	def := op.Lookup(n, rc.Analysis.Facts.Opset)
	now := rc.now(n)
	switch {
	case def == nil || now == nil || !rc.varies[s.value] || !storable(rc.facts.Types[s.value]):
		return nil
	case rc.normalises(now):
		if rc.KeepStatistics {
			return nil
		}
	case rc.KeepWeights || def.Linear == nil || (rc.near && !rc.losesAny(n)):
		return nil
	default:
		p, why := rc.product(now)
		if why != "" {
			if rc.losesAny(n) {
				rc.out.Left = append(rc.out.Left, Uncompensated{n.String(), why})
			}
			return nil
		}
		s.linear, s.sum = true, p.Sum
	}
	for _, x := range rc.Analysis.values[s.value] {
		stay := rc.Analysis.kept(x, rc.gone)
		s.kept, s.whole = append(s.kept, stay), append(s.whole, len(stay) == x.extent())
	}
	return s
}

// losesAny reports whether a value that a node reads lost indices.
func (rc *recovering) losesAny(n *onnxio.Node) bool {
	for slot, in := range n.Inputs() {
		if !rc.varies[in] {
			continue
		}
		for k := range rc.Analysis.Facts.Types[in].Shape {
			if rc.Analysis.loses(rc.Analysis.axisOf(n, op.In(slot, k)), rc.gone) {
				return true
			}
		}
	}
	return false
}

// product finds the operand and the weight of a node of the present model; why
// says what is in the way of solving it.
func (rc *recovering) product(n *onnxio.Node) (p *op.Product, why string) {
	g := rc.Model.Graph
	c := &op.Infer{Facts: rc.facts, Node: n, Graph: g}
	why = "no operand of it is a constant"
	for x := range 2 {
		if !rc.varies[n.Input(x)] {
			continue
		}
		p, err := op.ProductOf(c, x)
		if err != nil {
			return nil, err.Error()
		}
		t, root := g.Constant(n.Input(p.W))
		switch {
		case t == nil:
			continue
		case !t.Elem().Float() || !rc.facts.Types[n.Input(x)].Elem.Float():
			why = "its numbers are no floats"
		case len(g.Consumers(root)) > 1 || g.IsOutput(root):
			why = fmt.Sprintf("other nodes read its weight %q as well", root)
		case n.Input(p.W) != root:
			why = fmt.Sprintf("its weight %q reaches it through other nodes", root)
		default:
			return p, ""
		}
	}
	return nil, why
}

// denseBudget bounds the bytes of the dense model's values that a run gives.
const denseBudget = 128 << 20

// watchDense runs the dense model once and keeps what the pruned one is to
// give. It puts the samples on the spool.
func (rc *recovering) watchDense(ctx context.Context) error {
	a := rc.Analysis
	want := rc.floatOutputs()
	for _, s := range rc.stops {
		if !slices.Contains(want, s.value) {
			want = append(want, s.value)
		}
	}
	ins := a.Model.Graph.Inputs()
	if len(ins) != 1 {
		return fmt.Errorf("the model has %d inputs, want one with the samples", len(ins))
	}
	if len(want) == 0 {
		return errors.New("no number that the model gives depends on the samples")
	}
	m, err := segment(a.Model, a.Facts, []string{ins[0].Name}, want)
	if err != nil {
		return err
	}
	o := rc.session
	o.Outputs = want
	s, err := ort.SessionOf(ctx, m, o)
	if err != nil {
		return err
	}
	defer s.Close()
	for t, err := range pieces(rc.samples.Samples, ins[0].Type.Shape, rc.atOnce(want)) {
		if err != nil {
			return err
		}
		if err := rc.watchBatch(ctx, s, ins[0].Name, t); err != nil {
			return err
		}
	}
	if len(rc.batches) == 0 {
		return errors.New("there are no samples")
	}
	rc.have = []string{ins[0].Name}
	return nil
}

// atOnce is of how many samples the values fit into the budget.
func (rc *recovering) atOnce(values []string) int {
	total := int64(1)
	for _, v := range values {
		n := int64(4)
		for k, d := range rc.Analysis.Facts.Types[v].Shape {
			if k > 0 {
				n *= d.Or(openExtent)
			}
		}
		total += n
	}
	return int(max(1, denseBudget/total))
}

// pieces are batches of at most n samples, of a model whose input has the given
// shape.
func pieces(samples iter.Seq2[*ort.Tensor, error], in onnxio.Shape, n int) iter.Seq2[*ort.Tensor, error] {
	return func(yield func(*ort.Tensor, error) bool) {
		for t, err := range samples {
			if err != nil || len(in) == 0 || in[0].IsKnown() {
				if !yield(t, err) {
					return
				}
				continue
			}
			dims := slices.Clone(t.Shape())
			size := len(t.Bytes()) / max(1, int(dims[0]))
			for from := 0; from < int(t.Shape()[0]); from += n {
				to := min(from+n, int(t.Shape()[0]))
				dims[0] = int64(to - from)
				if piece, err := ort.FromBytes(t.Elem(), dims, t.Bytes()[from*size:to*size]); !yield(piece, err) {
					return
				}
			}
		}
	}
}

func (rc *recovering) watchBatch(ctx context.Context, s *ort.Session, input string, t *ort.Tensor) error {
	b := len(rc.batches)
	rc.batches = append(rc.batches, int(t.Shape()[0]))
	rc.out.Samples += int(t.Shape()[0])
	if err := rc.pool.put(input, t); err != nil {
		return err
	}
	out := make([]*ort.Tensor, len(s.Outputs()))
	if err := s.Run(ctx, []*ort.Tensor{t}, out); err != nil {
		return err
	}
	got := map[string]*ort.Tensor{}
	for i, v := range s.Outputs() {
		got[v.Name] = out[i]
	}
	defer closeAll(got)
	for _, v := range rc.floatOutputs() {
		if err := rc.pool.put(denseValue(v), got[v]); err != nil {
			return err
		}
	}
	for _, s := range rc.stops {
		if err := rc.keepTargets(s, b, got[s.value]); err != nil {
			return fmt.Errorf("%v: %w", s.dense, err)
		}
	}
	return nil
}

// keepTargets keeps what the dense model gives at a stop's places, of the sums
// that stay.
func (rc *recovering) keepTargets(s *stop, b int, t *ort.Tensor) error {
	y, err := floatsOf(t)
	if err != nil {
		return err
	}
	dims := t.Shape()
	left := make([]int64, len(dims))
	for k := range dims {
		left[k] = dims[k]
		if !s.whole[k] {
			left[k] = int64(len(s.kept[k]))
		}
	}
	steps := stepsOf(dims)
	places := rc.places(s, b, left)
	sums := int(left[s.sum])
	out := make([]float32, 0, len(places)*sums)
	for _, place := range places {
		base := int64(0)
		for k, i := range place {
			if k != s.sum {
				base += steps[k] * s.denseIndex(k, i)
			}
		}
		for i := range left[s.sum] {
			v := y[base+steps[s.sum]*s.denseIndex(s.sum, i)]
			if d := float64(v); math.IsNaN(d) || math.IsInf(d, 0) {
				return errors.New("what the dense network gives for these samples is not a finite number")
			}
			out = append(out, v)
		}
	}
	kept, err := ort.NewTensor([]int64{int64(len(places)), int64(sums)}, out)
	if err != nil {
		return err
	}
	return errors.Join(rc.pool.put(s.targets(), kept), kept.Close())
}

func (s *stop) targets() string { return fmt.Sprintf("targets %d", s.index) }

// denseIndex is the dense model's index of the one that the pruned model has on
// an axis of the value.
func (s *stop) denseIndex(k int, i int64) int64 {
	if s.whole[k] {
		return i
	}
	return int64(s.kept[k][i])
}

// places are drawn among those of a stop's value in the pruned model, of which
// the extents are given: evenly spread, in the order of the samples, one at
// random in each stretch. The index along the axis of the sums is 0.
func (rc *recovering) places(s *stop, b int, dims []int64) [][]int64 {
	total := int64(1)
	for k, d := range dims {
		if k != s.sum {
			total *= d
		}
	}
	n := min(total, int64(rc.Places)*int64(rc.batches[b]))
	rng := rand.New(rand.NewPCG(rc.seed, 0x7265636f00000000+uint64(s.index)<<20+uint64(b)))
	out := make([][]int64, n)
	for i := range out {
		at := min(total-1, int64((float64(i)+rng.Float64())*float64(total)/float64(n)))
		out[i] = make([]int64, len(dims))
		for k := len(dims) - 1; k >= 0; k-- {
			if k != s.sum {
				out[i][k] = at % dims[k]
				at /= dims[k]
			}
		}
	}
	return out
}

// stepsOf is how many elements lie between neighbours along each axis.
func stepsOf(dims []int64) []int64 {
	steps := make([]int64, len(dims))
	n := int64(1)
	for k := len(dims) - 1; k >= 0; k-- {
		steps[k] = n
		n *= dims[k]
	}
	return steps
}

// errPlaces says that the models give values of different extents.
var errPlaces = errors.New("how many places its output has depends on the values")

// atPlaces hands over what the pruned and the dense model give at the places of
// a stop, for each sum or channel k.
func (rc *recovering) atPlaces(s *stop, b int, value *ort.Tensor, each func(i int, place []int64, k int, y, t float32)) error {
	targets, err := rc.pool.get(s.targets(), b)
	if err != nil {
		return err
	}
	defer targets.Close()
	want := ort.Data[float32](targets)
	y, err := floatsOf(value)
	if err != nil {
		return err
	}
	dims := value.Shape()
	sums := int(dims[s.sum])
	steps := stepsOf(dims)
	places := rc.places(s, b, dims)
	if len(places)*sums != len(want) {
		return errPlaces
	}
	for i, place := range places {
		base := int64(0)
		for k, at := range place {
			base += steps[k] * at
		}
		for k := range sums {
			each(i, place, k, y[base+int64(k)*steps[s.sum]], want[i*sums+k])
		}
	}
	return nil
}
