package pruning

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Means are the values that activations carry on average where a node sums
// over an axis of theirs, for each position of that axis. The key is the
// activation's name and the axis, as in "relu1:1"; a position of which
// nothing is known is NaN.
type Means map[string][]float64

func (r reading) key() string { return fmt.Sprintf("%s:%d", r.value(), r.x.Axis) }

// sites are the axes at which the model's means are to be known.
func (a *Analysis) sites() (keys []string, probes []probe) {
	list, _ := a.readings()
	seen := map[string]bool{}
	for _, r := range list {
		if !seen[r.key()] {
			seen[r.key()] = true
			keys = append(keys, r.key())
			probes = append(probes, probe{r.value(), r.x.Axis, a.axisOf(r.node, r.x)})
		}
	}
	return keys, probes
}

// MeasuredMeans are the means over Evidence.Samples, taken at the inputs of
// the nodes that sum. They need ONNX Runtime.
func (a *Analysis) MeasuredMeans(ctx context.Context, e Evidence) (Means, error) {
	if e.Samples == nil {
		return nil, fmt.Errorf("measure means: there are no samples")
	}
	keys, probes := a.sites()
	m, outputs, err := a.watched(a.Model, probes, "", "ReduceMean")
	if err != nil {
		return nil, fmt.Errorf("measure means: %w", err)
	}
	means, err := meanOutputs(ctx, m, outputs, e)
	if err != nil {
		return nil, fmt.Errorf("measure means: %w", err)
	}
	out := Means{}
	for i, key := range keys {
		out[key] = means[i]
	}
	return out, nil
}

// How many values of each channel expected means are taken over.
const (
	noiseBatch  = 16  // samples at a time, where the batch is free
	noiseValues = 512 // that there be at least
	noiseRuns   = 8   // in at most so many runs
	noiseFewest = 8   // in one run, below which nothing can be said
)

// ExpectedMeans are the means that follow from the model alone. A
// BatchNormalization says of its output that it has the mean β and the
// deviation |γ|; the network is run on normal noise of these in the place of
// every BatchNormalization's output, so that what follows it, such as a Relu,
// a sum of two or a gate, has its effect. A channel that no normalisation is
// behind is known where it is the same number everywhere, on every run. What
// is taken for granted is that the statistics are those of the data and that
// values are normal and independent. It needs ONNX Runtime.
func (a *Analysis) ExpectedMeans(ctx context.Context, seed uint64, o ort.SessionOptions) (Means, error) {
	means, err := a.expected(ctx, seed, o)
	if err != nil {
		return nil, fmt.Errorf("expect means: %w", err)
	}
	return means, nil
}

func (a *Analysis) expected(ctx context.Context, seed uint64, o ort.SessionOptions) (Means, error) {
	keys, probes := a.sites()
	if len(keys) == 0 {
		return Means{}, nil
	}
	normal, runs, err := a.noisy(seed)
	if err != nil {
		return nil, err
	}
	m, outputs, err := a.watched(normal, probes, "", "ReduceMean", "ReduceMin", "ReduceMax")
	if err != nil {
		return nil, err
	}
	o.Outputs = outputs
	s, err := ort.SessionOf(ctx, m, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	seen := make([][]spread, len(probes))
	rng := rand.New(rand.NewPCG(seed, 0x6e6f697365000000))
	for range runs {
		if err := a.note(ctx, s, rng, seen); err != nil {
			return nil, err
		}
	}
	varies := a.downstream(a.normalises, func(value string) bool {
		_, fromShapes := a.Facts.Values[value]
		return fromShapes
	})
	out := Means{}
	for i, key := range keys {
		out[key] = make([]float64, len(seen[i]))
		for k, v := range seen[i] {
			out[key][k] = v.sum / float64(runs)
			if varies[probes[i].value] && v.low != v.high {
				out[key][k] = math.NaN()
			} else if v.low == v.high {
				out[key][k] = v.low
			}
		}
	}
	return out, nil
}

// spread is what the values at a position were: the sum of each run's mean,
// the least and the greatest.
type spread struct{ sum, low, high float64 }

// note runs a session of three outputs a probe, mean, least and greatest, on
// random inputs.
func (a *Analysis) note(ctx context.Context, s *ort.Session, rng *rand.Rand, seen [][]spread) error {
	feeds, err := randomFeeds(a.Model, rng, noiseBatch, openExtent)
	if err != nil {
		return err
	}
	defer func() {
		for _, t := range feeds {
			t.Close()
		}
	}()
	res, err := runAll(ctx, s, feeds)
	if err != nil {
		return err
	}
	for i := range seen {
		mean, low, high := res[3*i], res[3*i+1], res[3*i+2]
		if seen[i] == nil {
			seen[i] = make([]spread, len(mean))
			for k := range seen[i] {
				seen[i][k] = spread{0, math.Inf(1), math.Inf(-1)}
			}
		}
		for k := range mean {
			v := &seen[i][k]
			*v = spread{v.sum + float64(mean[k]), min(v.low, float64(low[k])), max(v.high, float64(high[k]))}
		}
	}
	return nil
}

// normalises reports whether a node is a BatchNormalization of which the
// output's distribution is known, and enough values of it in one run.
func (a *Analysis) normalises(n *onnxio.Node) bool {
	if n.Op() != "BatchNormalization" || n.Domain() != "" || len(n.Outputs()) != 1 || n.Int("training_mode", 0) != 0 {
		return false
	}
	for _, i := range []int{1, 2} {
		if t, _ := a.Model.Graph.Constant(n.Input(i)); t == nil {
			return false
		}
	}
	return a.perChannel(n) >= noiseFewest
}

// perChannel is how many values of each channel a normalisation gives in one
// run.
func (a *Analysis) perChannel(n *onnxio.Node) int64 {
	count := int64(1)
	for k, d := range a.Facts.Types[n.Output(0)].Shape {
		switch {
		case k == 0:
			count *= d.Or(noiseBatch)
		case k > 1:
			count *= d.Or(openExtent)
		}
	}
	return count
}

// noisy is the model with noise in the place of what its normalisations
// normalise, to the statistics of that noise, so that their outputs have
// exactly the mean and the deviation they say; and how many runs it takes.
func (a *Analysis) noisy(seed uint64) (*onnxio.Model, int, error) {
	m := a.Model.Clone()
	p := m.Graph.Edit()
	e := op.NewEmit(p, a.Facts.Opset, "noise.")
	runs := int64(1)
	if in := a.Model.Graph.Inputs(); len(in) > 0 && len(in[0].Type.Shape) > 0 {
		runs = (noiseBatch + in[0].Type.Shape[0].Or(noiseBatch) - 1) / max(1, in[0].Type.Shape[0].Or(noiseBatch))
	}
	for i, n := range a.Model.Graph.Nodes() {
		if !a.normalises(n) {
			continue
		}
		runs = max(runs, min(noiseRuns, (noiseValues+a.perChannel(n)-1)/a.perChannel(n)))
		var others []int64
		for k := range a.Facts.Types[n.Output(0)].Shape {
			if k != 1 {
				others = append(others, int64(k))
			}
		}
		z := e.Op("RandomNormalLike", []string{n.Input(0)}, onnxio.Float("seed", float32(seed%1000+uint64(i))))
		square := e.Square(e.Sub(z, e.Mean(z, true, others...)))
		bn := m.Graph.Producer(n.Output(0))
		p.SetInput(bn, 0, z)
		p.SetInput(bn, 3, e.Mean(z, false, others...))
		p.SetInput(bn, 4, e.Mean(square, false, others...))
	}
	return m, int(runs), p.Apply()
}
