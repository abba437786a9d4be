package selection

import (
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

func plainDensity(pool, _ Candidates, k int, _ uint64) []int {
	n := len(pool.Records)
	cosine := func(a, b []float32) float64 {
		x, y := floats(a), floats(b)
		var ab, aa, bb float64
		for d := range x {
			ab, aa, bb = ab+x[d]*y[d], aa+x[d]*x[d], bb+y[d]*y[d]
		}
		if aa == 0 || bb == 0 {
			return 0
		}
		return ab / math.Sqrt(aa) / math.Sqrt(bb)
	}
	return topRows(n, k, func(i int) float64 {
		var mean float64
		for j := range n {
			mean += cosine(pool.Features.Row(i), pool.Features.Row(j)) / float64(n)
		}
		return known(pool, i, "entropy") * max(0, mean)
	})
}

func plainCCS(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	hard := func(i int) float64 { return -known(pool, i, "aum") }
	rows := topRows(n, n, hard)[int(0.1*float64(n)):]
	most, least := hard(rows[0]), hard(rows[len(rows)-1])
	strata := make([][]int, 50)
	for _, i := range rows {
		at := min(49, int((most-hard(i))/(most-least)*50))
		strata[at] = append(strata[at], i)
	}
	bySize := make([]int, 50)
	for j := range bySize {
		bySize[j] = j
	}
	slices.SortStableFunc(bySize, func(a, b int) int { return len(strata[a]) - len(strata[b]) })
	quota := map[int]int{}
	rest := k
	for done, j := range bySize {
		quota[j] = min(len(strata[j]), rest/(50-done))
		rest -= quota[j]
	}
	var out []int
	for j, rows := range strata {
		for _, at := range topRows(len(rows), quota[j], func(a int) float64 { return seeded.Uniform(seed, pool.Records[rows[a]].ID) }) {
			out = append(out, rows[at])
		}
	}
	return out
}

func plainModerate(pool, _ Candidates, k int, _ uint64) []int {
	n := len(pool.Records)
	distance := make([]float64, n)
	for i := range n {
		var same []int
		for j := range n {
			if *pool.Records[j].Label == *pool.Records[i].Label {
				same = append(same, j)
			}
		}
		var sum float64
		for d, v := range pool.Features.Row(i) {
			var centre float64
			for _, j := range same {
				centre += float64(pool.Features.Row(j)[d])
			}
			centre /= float64(len(same))
			sum += (float64(v) - centre) * (float64(v) - centre)
		}
		distance[i] = math.Sqrt(sum)
	}
	sorted := slices.Clone(distance)
	slices.Sort(sorted)
	median := sorted[n/2]
	if n%2 == 0 {
		median = (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return topRows(n, k, func(i int) float64 { return -math.Abs(distance[i] - median) })
}

func plainSoftRank(pool, _ Candidates, k int, seed uint64) []int {
	n := len(pool.Records)
	order := topRows(n, n, func(i int) float64 { return known(pool, i, "entropy") })
	return topRows(n, k, func(i int) float64 {
		rank := float64(slices.Index(order, i) + 1)
		return 1 / rank / -math.Log1p(-seeded.Positive(seed, pool.Records[i].ID))
	})
}

func plainBalanced(pool, _ Candidates, k int, seed uint64) []int {
	var out []int
	for len(out) < k {
		for class := range pool.Probabilities.Dim {
			var left []int
			for i, r := range pool.Records {
				if r.Class == class && !slices.Contains(out, i) {
					left = append(left, i)
				}
			}
			if len(left) > 0 && len(out) < k {
				out = append(out, left[argBest(len(left), nil, func(a int) float64 { return seeded.Uniform(seed, pool.Records[left[a]].ID) })])
			}
		}
	}
	return out
}
