package pruning

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/prunefuse/prunefuse/internal/ridge"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// unaffected is the error, as a share of the dense values' variance, below
// which a layer gives what the dense one gives.
const unaffected = 1e-9

// stop fits the present model at one node.
func (rc *recovering) stop(ctx context.Context, s *stop) (err error) {
	n := rc.now(s.dense)
	if n == nil {
		return errors.New("the pruned model has no such node")
	}
	defer func() {
		if errors.Is(err, errPlaces) {
			rc.out.Left = append(rc.out.Left, Uncompensated{s.dense.String(), err.Error()})
			err = nil
		}
		err = errors.Join(err, rc.pool.drop(s.targets()))
	}()
	if !s.linear {
		if rc.behindSolved(n) {
			return nil
		}
		return rc.measureAnew(ctx, s, n)
	}
	p, why := rc.product(n)
	if why != "" {
		rc.out.Left = append(rc.out.Left, Uncompensated{s.dense.String(), why})
		return nil
	}
	f, err := rc.gather(ctx, s, n, p)
	if err != nil || f.unaffected() {
		return err
	}
	return rc.solve(s, n, f)
}

// fitting is the normal equations of a node's correction: what must be added to
// its weights and its constant so that it gives what the dense node gives.
type fitting struct {
	layout    *op.Layout
	fit, held []*ridge.Sums
	targets   spreadOf // of the dense values
}

func (f *fitting) before() float64 {
	sum := 0.0
	for _, list := range [][]*ridge.Sums{f.fit, f.held} {
		for _, s := range list {
			for _, v := range s.YY {
				sum += v
			}
		}
	}
	return sum
}

func (f *fitting) unaffected() bool {
	return f.layout == nil || !(f.before() > unaffected*f.targets.variance())
}

// gather runs the present model up to a node and sums up what its weights read
// and what it lacks, at the stop's places.
func (rc *recovering) gather(ctx context.Context, s *stop, n *onnxio.Node, p *op.Product) (*fitting, error) {
	w, _ := rc.Model.Graph.Constant(n.Input(p.W))
	f := &fitting{}
	var eq [2]*normal // fitted to, and held back
	x, y := n.Input(p.X), s.value
	err := rc.advance(ctx, n, []string{y}, func(b int, got map[string]*ort.Tensor) error {
		if f.layout == nil {
			f.layout = p.At(got[x].Shape(), w.Dims())
			for i := range eq {
				var err error
				if eq[i], err = newNormal(ctx, p.Groups, f.layout.Features, f.layout.Sums, rc.session); err != nil {
					return err
				}
			}
		}
		return rc.rows(ctx, s, b, p.At(got[x].Shape(), w.Dims()), got[x], got[y], eq, f)
	})
	for _, e := range eq {
		if e != nil {
			if err == nil {
				err = e.flush(ctx)
			}
			err = errors.Join(err, e.s.Close())
		}
	}
	if err == nil {
		f.fit, f.held = eq[0].sums, eq[1].sums
	}
	return f, err
}

// heldBack says which rows are to choose the ridge by: a tenth.
const heldBack = 10

// rows writes a batch's rows: what the sums read at each place, and how much the
// value lacks there.
func (rc *recovering) rows(ctx context.Context, s *stop, b int, l *op.Layout, xt, yt *ort.Tensor, eq [2]*normal, f *fitting) error {
	x, err := floatsOf(xt)
	if err != nil {
		return err
	}
	row := make([]float32, l.Groups*l.Features)
	var lacks [][]float32
	err = rc.atPlaces(s, b, yt, func(i int, place []int64, k int, y, t float32) {
		if k == 0 {
			e := eq[0]
			if rc.isHeld(b, i) {
				e = eq[1]
			}
			var into [][]float32
			into, lacks = e.row()
			l.Row(row, x, place)
			for g := range into {
				copy(into[g], row[g*l.Features:])
			}
		}
		f.targets.add(float64(t))
		lacks[k/l.Sums][k%l.Sums] = t - y
	})
	for _, e := range eq {
		if err == nil && e.full() {
			err = e.flush(ctx)
		}
	}
	return err
}

// isHeld reports whether the i-th row of a batch is held back. Rows are in the
// order of the samples, and stretches of them are, so that most samples are on
// one side alone.
func (rc *recovering) isHeld(b, i int) bool {
	return (i/rc.Places+b)%heldBack == heldBack-1
}

// solve fits the correction and applies it where the node errs less with it.
func (rc *recovering) solve(s *stop, n *onnxio.Node, f *fitting) error {
	w, _ := rc.Model.Graph.Constant(n.Input(f.layout.W))
	values, err := w.Floats()
	if err != nil {
		return err
	}
	values = slices.Clone(values)
	shift := make([]float64, f.layout.Groups*f.layout.Sums)
	after, lambda := 0.0, 0.0
	some := false
	for g := range f.fit {
		all := f.fit[g].Plus(f.held[g])
		none := sumOf(all.YY)
		if math.IsNaN(none) || math.IsInf(none, 0) {
			return errors.New("what the pruned network gives for these samples is not a finite number")
		}
		ridge, ok := f.fit[g].Choose(f.held[g])
		var fitted *mat.Dense
		if ok {
			if fitted, err = all.Fit(ridge); err != nil {
				ok = false
			}
		}
		if e := 0.0; ok {
			if e = all.Error(fitted); e < none {
				after, lambda, some = after+e, lambda+ridge/float64(len(f.fit)), true
				f.correct(values, shift, g, fitted)
				continue
			}
		}
		after += none
	}
	if !some {
		rc.out.Left = append(rc.out.Left, Uncompensated{s.dense.String(), "no fit does better than its present weights on the samples held back"})
		return nil
	}
	t, err := w.WithFloats(values)
	if err != nil {
		return err
	}
	if err := rc.rewrite(s, n, f, t, shift); err != nil {
		return err
	}
	rc.solved[n.Output(0)], rc.solved[s.dense.Output(0)] = true, true
	variance := f.targets.variance()
	rc.out.Solved = append(rc.out.Solved, Solved{
		Node: s.dense.String(), Weight: n.Input(f.layout.W), Ridge: lambda, Features: f.layout.Features,
		Places: f.fit[0].N + f.held[0].N, Before: f.before() / variance, After: after / variance,
	})
	return nil
}

func sumOf(v []float64) (sum float64) {
	for _, x := range v {
		sum += x
	}
	return sum
}

// correct adds a group's correction to the weights, and its constants to shift.
func (f *fitting) correct(w []float32, shift []float64, g int, by *mat.Dense) {
	l := f.layout
	for m := range l.Sums {
		for k := range l.Features {
			at := l.Weight(g, k, m)
			w[at] = float32(float64(w[at]) + by.At(k, m)/l.Factor)
		}
		shift[g*l.Sums+m] = by.At(l.Features, m)
	}
}

// rewrite puts a node's weight in, and the constants where they belong.
func (rc *recovering) rewrite(s *stop, n *onnxio.Node, f *fitting, w *onnxio.Tensor, shift []float64) error {
	b := newBiases(rc.Result, rc.gone)
	name := n.Input(f.layout.W)
	r := reading{node: s.dense, x: op.In(f.layout.X, f.layout.Channel), out: s.sum, weight: op.In(f.layout.W, f.layout.Out)}
	now := b.m.Graph.Producer(n.Output(0))
	if why, err := b.addTo(now, r, shift); err != nil {
		return err
	} else if why != "" {
		return fmt.Errorf("its constant has no place: %s", why)
	}
	biases := b.names()
	if made := b.m.Graph.Producer(name); made != nil {
		b.p.Remove(made)
	}
	b.p.SetInitializer(w.Renamed(name))
	return rc.take(b, biases)
}

// take goes on with the model that edits make.
func (rc *recovering) take(b *biases, changed []string) error {
	c := &Compensation{}
	m, p, err := b.apply(c)
	if err != nil {
		return err
	}
	rc.out.Added = append(rc.out.Added, b.added...)
	for _, name := range changed {
		if !slices.Contains(rc.out.Biases, name) && !slices.Contains(rc.out.Statistics, name) {
			rc.out.Biases = append(rc.out.Biases, name)
		}
	}
	rc.Model, rc.Plan = m, p
	return rc.infer()
}
