package selection

import (
	"context"
	"math"
)

var cdal = Strategy{
	Name: "cdal", Summary: "greedily the class probabilities farthest from all others",
	Reference: "Agarwal et al. 2020 (arXiv 2008.05723)",
	Needs:     Needs{Probabilities: true, Labelled: Welcome},
	Memory:    "12 B + 4c", Time: "at most (k + L)·n·c",
	// k-center greedy with d(a, b) = ½ Σ (a − b)·(ln a − ln b), the mean of
	// the two divergences. Where nothing is labelled it begins with the
	// sample nearest to the mean. The score is the distance.
	pick: func(ctx context.Context, t *task) ([]Picked, error) {
		d := newDivergence(t.pool.Probabilities, t.labelled.Probabilities)
		chosen, err := farthestFirst(ctx, newCover(t.n(), d, t.workers), t.k, t.progress, d.nearestToMean)
		out := make([]Picked, len(chosen))
		for i, c := range chosen {
			out[i] = Picked{Row: c.index, Score: c.value}
		}
		return out, err
	},
}

// leastProbability stands in for every smaller one in a logarithm, so that a
// class that is out of the question is far away and not infinitely far.
const leastProbability = 0x1p-126

// divergence is the symmetric Kullback-Leibler divergence to labelled
// samples, the first centres, and to samples of the pool.
type divergence struct {
	pool, labelled         Features // class probabilities
	poolLogs, labelledLogs Features
	chosen                 []int
}

func newDivergence(pool, labelled Features) *divergence {
	return &divergence{pool: pool, labelled: labelled, poolLogs: logs(pool), labelledLogs: logs(labelled)}
}

func logs(p Features) Features {
	out := Features{p.Dim, make([]float32, len(p.Data))}
	for i, v := range p.Data {
		out.Data[i] = float32(math.Log(max(float64(v), leastProbability)))
	}
	return out
}

func (d *divergence) centres() int { return d.labelled.Len() + len(d.chosen) }

func (d *divergence) add(i int) { d.chosen = append(d.chosen, i) }

func (d *divergence) near(i, from, to int, known float64) float64 {
	labelled := d.labelled.Len()
	for j := from; j < to; j++ {
		if j < labelled {
			known = min(known, jeffreys(d.pool.Row(i), d.poolLogs.Row(i), d.labelled.Row(j), d.labelledLogs.Row(j)))
		} else {
			c := d.chosen[j-labelled]
			known = min(known, jeffreys(d.pool.Row(i), d.poolLogs.Row(i), d.pool.Row(c), d.poolLogs.Row(c)))
		}
	}
	return known
}

// jeffreys returns ½ Σ (a − b)·(ln a − ln b): no term is negative.
func jeffreys(a, logA, b, logB []float32) float64 {
	var sum float64
	logA, b, logB = logA[:len(a)], b[:len(a)], logB[:len(a)]
	for k, v := range a {
		sum += float64((float64(v) - float64(b[k])) * (float64(logA[k]) - float64(logB[k])))
	}
	return sum / 2
}

func (d *divergence) nearestToMean() int {
	mean := Features{Dim: d.pool.Dim, Data: make([]float32, d.pool.Dim)}
	sums := make([]float64, d.pool.Dim)
	for i := range d.pool.Len() {
		for k, v := range d.pool.Row(i) {
			sums[k] += float64(v)
		}
	}
	for k, v := range sums {
		mean.Data[k] = float32(v / float64(d.pool.Len()))
	}
	log := logs(mean)
	nearest, least := 0, math.Inf(1)
	for i := range d.pool.Len() {
		if v := jeffreys(d.pool.Row(i), d.poolLogs.Row(i), mean.Data, log.Data); v < least {
			nearest, least = i, v
		}
	}
	return nearest
}
