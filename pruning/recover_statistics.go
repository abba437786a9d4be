package pruning

import (
	"context"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// pair adds up the outputs of a channel of the pruned and of the dense
// normalisation at the same places.
type pair struct{ n, y, yy, t, tt, yt float64 }

func (p *pair) add(y, t float64) {
	p.n, p.y, p.yy, p.t, p.tt, p.yt = p.n+1, p.y+y, p.yy+y*y, p.t+t, p.tt+t*t, p.yt+y*t
}

// error is the sum of squares of a·y + b − t.
func (p *pair) error(a, b float64) float64 {
	return a*a*p.yy + 2*a*b*p.y + b*b*p.n + p.tt - 2*a*p.yt - 2*b*p.t
}

// Bounds of how much the deviation of a channel is taken to have changed.
const (
	narrowest = 0.1
	widest    = 10
)

// affine is what to multiply y by and to add to it so that it has the dense
// one's mean and, where that brings it nearer, its deviation.
func (p *pair) affine() (a, b float64) {
	mean, variance := p.y/p.n, p.yy-p.y*p.y/p.n
	a, b = 1, p.t/p.n-mean
	if variance <= 0 {
		return a, b
	}
	ratio := min(max(math.Sqrt(max(0, p.tt-p.t*p.t/p.n)/variance), narrowest), widest)
	if shifted := p.t/p.n - ratio*mean; p.error(ratio, shifted) < p.error(a, b) {
		return ratio, shifted
	}
	return a, b
}

// measureAnew sets the statistics of a normalisation so that each channel of
// its output has the mean that the dense one's has, and the deviation, where
// that brings them together.
func (rc *recovering) measureAnew(ctx context.Context, s *stop, n *onnxio.Node) error {
	pairs := make([]pair, len(s.kept[s.sum]))
	err := rc.advance(ctx, n, []string{s.value}, func(b int, got map[string]*ort.Tensor) error {
		return rc.atPlaces(s, b, got[s.value], func(_ int, _ []int64, k int, y, t float32) {
			pairs[k].add(float64(y), float64(t))
		})
	})
	if err != nil {
		return err
	}
	edits := newBiases(rc.Result, rc.gone)
	node := edits.m.Graph.Producer(n.Output(0))
	was, err := normalisationOf(edits.m.Graph, node)
	if err != nil {
		return err
	}
	drift := 0.0
	for k := range pairs {
		gamma, deviation := float64(was.scale[k]), was.deviation(k)
		a, b := pairs[k].affine()
		if gamma == 0 || !(pairs[k].error(1, 0) > pairs[k].error(a, b)) {
			continue
		}
		drift = max(drift, math.Abs(a-1), math.Abs(b/gamma))
		// a·(γ·(x−m)/σ + β) + b is γ·(x−m′)/σ′ + β with
		now := deviation / a
		was.mean[k] = float32(float64(was.mean[k]) + now/gamma*((1-a)*float64(was.bias[k])-b))
		was.variance[k] = float32(max(0, now*now-was.epsilon))
	}
	if drift < unaffected {
		return nil
	}
	for i, v := range [][]float32{was.mean, was.variance} {
		t, root := edits.m.Graph.Constant(node.Input(3 + i))
		if t, err = t.WithFloats(v); err != nil {
			return err
		}
		edits.put(node, 3+i, root, t)
	}
	rc.out.Statistics = append(rc.out.Statistics, edits.names()...)
	return rc.take(edits, nil)
}

// behindSolved reports whether a normalisation reads the output of a node whose
// weights were just solved: nothing of it can be nearer then.
func (rc *recovering) behindSolved(n *onnxio.Node) bool {
	p := rc.Model.Graph.Producer(n.Input(0))
	if p == nil {
		return false
	}
	d := op.Lookup(p, rc.facts.Opset)
	return d != nil && d.Linear != nil && rc.solved[p.Output(0)]
}
