package selection

import (
	"cmp"
	"context"
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

// plainKMeans is Lloyd's algorithm from a k-means++ start.
func plainKMeans(f Features, weight func(int) float64, k int, s seeded.Stream) (centres Features, of []int) {
	n := f.Len()
	var start []int
	for len(start) < k {
		start = append(start, weightedDraw(n, start, s.Sub(len(start)), func(i int) float64 {
			w := weight(i)
			for j, c := range start {
				if d := weight(i) * distance2(f.Row(i), f.Row(c)); j == 0 || d < w {
					w = d
				}
			}
			return w
		}))
	}
	centres = f.rows(start)
	var variance float64
	for d := range f.Dim {
		var mean, square float64
		for i := range n {
			mean += float64(f.Row(i)[d]) / float64(n)
		}
		for i := range n {
			square += (float64(f.Row(i)[d]) - mean) * (float64(f.Row(i)[d]) - mean) / float64(n)
		}
		variance += square / float64(f.Dim)
	}
	of = make([]int, n)
	for i := range of {
		of[i] = -1
	}
	for range kMeansRounds {
		before := slices.Clone(of)
		for i := range of {
			of[i] = argBest(k, nil, func(c int) float64 { return -distance2(f.Row(i), centres.Row(c)) })
		}
		if slices.Equal(before, of) {
			break
		}
		var moved float64
		for c := range k {
			var total float64
			sum := make([]float64, f.Dim)
			for i := range of {
				if of[i] == c {
					total += weight(i)
					for d, v := range f.Row(i) {
						sum[d] += weight(i) * float64(v)
					}
				}
			}
			if total == 0 {
				continue
			}
			old := slices.Clone(centres.Row(c))
			for d := range sum {
				centres.Row(c)[d] = float32(sum[d] / total)
			}
			moved += distance2(old, centres.Row(c))
		}
		if moved <= kMeansTolerance*variance {
			break
		}
	}
	return centres, of
}

func plainMeans(name, measure string, beta float64, weigh bool) reference {
	return func(pool, _ Candidates, k int, seed uint64) []int {
		n := len(pool.Records)
		uncertain := func(i int) float64 {
			if measure == "margin" {
				return max(0, 1-known(pool, i, "margin"))
			}
			return known(pool, i, "entropy")
		}
		rows := topRows(n, int(min(float64(n), beta*float64(k))), uncertain)
		slices.Sort(rows)
		f := pool.Features.rows(rows)
		weight := func(i int) float64 { return uncertain(rows[i]) }
		if !weigh {
			weight = func(int) float64 { return 1 }
		}
		centres, _ := plainKMeans(f, weight, k, seeded.NewStream(seed, name))
		var chosen, out []int
		for c := range k {
			i := argBest(len(rows), chosen, func(i int) float64 { return -distance2(f.Row(i), centres.Row(c)) })
			chosen = append(chosen, i)
			out = append(out, rows[i])
		}
		return out
	}
}

func plainTypiClust(pool, labelled Candidates, k int, seed uint64) []int {
	n, l := len(pool.Records), labelled.Features.Len()
	all := Features{pool.Features.Dim, slices.Concat(pool.Features.Data, labelled.Features.Data)}
	clusters := min(l+k, 500, n+l)
	_, of := plainKMeans(all, func(int) float64 { return 1 }, clusters, seeded.NewStream(seed, "typiclust"))
	count := func(c int, in []int) (out int) {
		for _, v := range in {
			if v == c {
				out++
			}
		}
		return out
	}
	var order []int
	for c := range clusters {
		if count(c, of[:n]) > 0 {
			order = append(order, c)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(count(a, of[n:]), count(b, of[n:])), cmp.Compare(count(b, of), count(a, of)))
	})
	var large, small []int
	room := 0
	for _, c := range order {
		if count(c, of) > 5 {
			large = append(large, c)
			room += count(c, of[:n])
		} else {
			small = append(small, c)
		}
	}
	if room < k {
		large = append(large, small...)
	}
	var chosen []int
	for turn := 0; len(chosen) < k; turn++ {
		var in []int
		for i := range n {
			if of[i] == large[turn%len(large)] && !slices.Contains(chosen, i) {
				in = append(in, i)
			}
		}
		if len(in) == 0 {
			continue
		}
		neighbours := max(1, min(20, len(in)/2))
		at := argBest(len(in), nil, func(a int) float64 {
			var d []float64
			for b := range in {
				if a != b {
					d = append(d, math.Sqrt(distance2(all.Row(in[a]), all.Row(in[b]))))
				}
			}
			slices.Sort(d)
			var mean float64
			for _, v := range d[:min(len(d), neighbours)] {
				mean += v
			}
			return 1 / max(mean/float64(neighbours), leastDistance)
		})
		chosen = append(chosen, in[at])
	}
	return chosen
}

const referenceDelta = 1.5

func plainProbCover(pool, labelled Candidates, k int, _ uint64) []int {
	n := len(pool.Records)
	covered := make([]bool, n)
	within := func(a, b []float32) bool { return distance2(a, b) <= referenceDelta*referenceDelta }
	for i := range n {
		for j := range labelled.Features.Len() {
			covered[i] = covered[i] || within(pool.Features.Row(i), labelled.Features.Row(j))
		}
	}
	var chosen []int
	for len(chosen) < k {
		next := argBest(n, chosen, func(i int) (degree float64) {
			for j := range n {
				if !covered[j] && within(pool.Features.Row(i), pool.Features.Row(j)) {
					degree++
				}
			}
			return degree
		})
		chosen = append(chosen, next)
		for j := range n {
			covered[j] = covered[j] || within(pool.Features.Row(next), pool.Features.Row(j))
		}
	}
	return chosen
}

// The radius is the largest at which 95 % of the balls are pure.
func TestProbCoverRadius(t *testing.T) {
	t.Parallel()
	pool := candidatesOf(12, 400, 3, 4, poolKinds["clusters"])
	task := &task{pool: pool, Choice: Choice{Strategy: "probcover", Seed: 5, Params: map[string]float64{"classes": 0}}, workers: 2}
	delta, err := pureRadius(context.Background(), task)
	if err != nil {
		t.Fatal(err)
	}
	classes := map[int]bool{}
	for _, r := range pool.Records {
		classes[r.Class] = true
	}
	_, of := plainKMeans(pool.Features, func(int) float64 { return 1 }, len(classes), seeded.NewStream(5, "probcover").Sub(0))
	pure := func(delta float64) (share float64) {
		for i := range of {
			ok := true
			for j := range of {
				ok = ok && (of[i] == of[j] || math.Sqrt(distance2(pool.Features.Row(i), pool.Features.Row(j))) > delta)
			}
			if ok {
				share += 1 / float64(len(of))
			}
		}
		return share
	}
	if a, b := pure(delta), pure(delta*(1+1e-9)); a < 0.95-1e-9 || b >= 0.95-1e-9 {
		t.Errorf("at %g %g of the balls are pure, just above %g", delta, a, b)
	}
}
