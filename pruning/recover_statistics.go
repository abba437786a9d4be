package pruning

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// spreadOf adds up the numbers of a channel.
type spreadOf struct{ n, sum, squares float64 }

func (s *spreadOf) add(v float64) { s.n, s.sum, s.squares = s.n+1, s.sum+v, s.squares+v*v }

func (s *spreadOf) mean() float64 { return s.sum / max(1, s.n) }

// variance is the sum of squared distances from the mean.
func (s *spreadOf) variance() float64 { return max(0, s.squares-s.sum*s.mean()) }

// Bounds of how much the deviation of a channel is taken to have changed.
const (
	narrowest = 0.1
	widest    = 10
)

// affine is what to multiply values by and to add to them so that they have
// the mean and the deviation of others.
func (s *spreadOf) affine(to *spreadOf) (a, b float64) {
	a = 1
	if s.variance() > 0 {
		a = min(max(math.Sqrt(to.variance()/s.variance()), narrowest), widest)
	}
	return a, to.mean() - a*s.mean()
}

// measureAnew sets the statistics of a normalisation so that each channel of
// its output has the mean and the deviation that the dense one's has.
func (rc *recovering) measureAnew(ctx context.Context, s *stop, n *onnxio.Node) error {
	pruned, dense := make([]spreadOf, len(s.kept[s.sum])), make([]spreadOf, len(s.kept[s.sum]))
	err := rc.advance(ctx, n, []string{s.value}, func(b int, got map[string]*ort.Tensor) error {
		return rc.atPlaces(s, b, got[s.value], func(_ int, _ []int64, k int, y, t float32) {
			pruned[k].add(float64(y))
			dense[k].add(float64(t))
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
	for k := range pruned {
		gamma, deviation := float64(was.scale[k]), was.deviation(k)
		a, b := pruned[k].affine(&dense[k])
		if gamma == 0 {
			continue
		}
		if math.IsNaN(a + b) {
			return errors.New("what the pruned network gives for these samples is not a finite number")
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

// normalises reports whether a node is a BatchNormalization whose parameters
// are constants, at inference.
func (rc *recovering) normalises(n *onnxio.Node) bool {
	if n.Op() != "BatchNormalization" || n.Domain() != "" || n.Int("training_mode", 0) != 0 || len(n.Outputs()) != 1 {
		return false
	}
	for i := 1; i <= 4; i++ {
		if t, _ := rc.Model.Graph.Constant(n.Input(i)); t == nil || !t.Elem().Float() {
			return false
		}
	}
	return true
}

// normalisation is the parameters of a BatchNormalization.
type normalisation struct {
	scale, bias, mean, variance []float32
	epsilon                     float64
}

func normalisationOf(g *onnxio.Graph, n *onnxio.Node) (*normalisation, error) {
	b := &normalisation{epsilon: float64(n.Float("epsilon", 1e-5))}
	for i, v := range []*[]float32{&b.scale, &b.bias, &b.mean, &b.variance} {
		t, _ := g.Constant(n.Input(1 + i))
		x, err := t.Floats()
		if err != nil {
			return nil, err
		}
		*v = slices.Clone(x)
	}
	return b, nil
}

// deviation is what channel k is divided by.
func (b *normalisation) deviation(k int) float64 {
	return math.Sqrt(float64(b.variance[k]) + b.epsilon)
}
