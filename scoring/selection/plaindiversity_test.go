package selection

import (
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

func plainBADGE(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	gradient := make([][]float64, n)
	for i := range gradient {
		p := floats(pool.Probabilities.Row(i))
		p[slices.Index(p, slices.Max(p))] = 0
		var sum float64
		for _, v := range p {
			sum += v
		}
		p[slices.Index(floats(pool.Probabilities.Row(i)), slices.Max(floats(pool.Probabilities.Row(i))))] = -sum
		for _, q := range p {
			for _, f := range pool.Features.Row(i) {
				gradient[i] = append(gradient[i], q*float64(f))
			}
		}
	}
	square := func(a, b []float64) (sum float64) {
		for i, v := range a {
			sum += (v - b[i]) * (v - b[i])
		}
		return sum
	}
	zero := make([]float64, len(gradient[0]))
	chosen := []int{argBest(n, nil, func(i int) float64 { return square(gradient[i], zero) })}
	for len(chosen) < k {
		chosen = append(chosen, weightedDraw(n, chosen, seeded.NewStream(seed, "badge").Sub(len(chosen)), func(i int) float64 {
			d := math.Inf(1)
			for _, c := range chosen {
				d = min(d, square(gradient[i], gradient[c]))
			}
			return d
		}))
	}
	return chosen
}

func plainCDAL(pool, labelled Candidates, k int, _ uint64) []int {
	n, classes := len(pool.Records), pool.Probabilities.Dim
	divergence := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += (a[i] - b[i]) * (plainLog(a[i]) - plainLog(b[i]))
		}
		return sum / 2
	}
	row := func(i int) []float64 { return floats(pool.Probabilities.Row(i)) }
	var chosen []int
	if labelled.Probabilities.Len() == 0 {
		mean := make([]float64, classes)
		for i := range n {
			for c, p := range row(i) {
				mean[c] += p
			}
		}
		for c := range mean {
			mean[c] = float64(float32(mean[c] / float64(n)))
		}
		chosen = append(chosen, argBest(n, nil, func(i int) float64 { return -divergence(row(i), mean) }))
	}
	for len(chosen) < k {
		chosen = append(chosen, argBest(n, chosen, func(i int) float64 {
			d := math.Inf(1)
			for j := range labelled.Probabilities.Len() {
				d = min(d, divergence(row(i), floats(labelled.Probabilities.Row(j))))
			}
			for _, c := range chosen {
				d = min(d, divergence(row(i), row(c)))
			}
			return d
		}))
	}
	return chosen
}

// plainLog is rounded to float32, in which a strategy keeps its logarithms: a
// tie of the one is then a tie of the other.
func plainLog(p float64) float64 { return float64(float32(math.Log(max(p, leastProbability)))) }

func plainCenters(pool, labelled Candidates, k int) []int {
	var out []int
	for _, c := range plainKCenter(pool.Features, labelled.Features, k) {
		out = append(out, c.Index)
	}
	return out
}

func plainCAL(pool, labelled Candidates, k int, _ uint64) []int {
	return topRows(len(pool.Records), k, func(i int) float64 {
		near := topRows(labelled.Features.Len(), min(10, labelled.Features.Len()), func(j int) float64 {
			return -distance2(pool.Features.Row(i), labelled.Features.Row(j))
		})
		var mean float64
		for _, j := range near {
			p, q := floats(labelled.Probabilities.Row(j)), floats(pool.Probabilities.Row(i))
			var divergence float64
			for c := range p {
				divergence += p[c] * (plainLog(p[c]) - plainLog(q[c]))
			}
			mean += max(0, divergence) / float64(len(near))
		}
		return mean
	})
}

func plainFALCUN(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	u := make([]float64, n)
	for i := range u {
		p := floats(pool.Probabilities.Row(i))
		slices.Sort(p)
		u[i] = 1 - (p[len(p)-1] - p[len(p)-2])
	}
	var chosen []int
	for len(chosen) < k {
		distance := slices.Clone(u)
		for i := range distance {
			for _, c := range chosen {
				var sum float64
				for j, v := range pool.Probabilities.Row(i) {
					sum += math.Abs(float64(v) - float64(pool.Probabilities.Row(c)[j]))
				}
				distance[i] = min(distance[i], sum)
			}
		}
		least, most := math.Inf(1), math.Inf(-1)
		for i, d := range distance {
			if !slices.Contains(chosen, i) {
				least, most = min(least, d), max(most, d)
			}
		}
		s := seeded.NewStream(seed, "falcun").Sub(len(chosen))
		chosen = append(chosen, argBest(n, chosen, func(i int) float64 {
			r := u[i]
			if most > least {
				r += (distance[i] - least) / (most - least)
			}
			return 10*math.Log(r) - math.Log(-math.Log1p(-s.Uniform(i)))
		}))
	}
	return chosen
}
