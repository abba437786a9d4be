package selection

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestTopK(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 9))
	for range 200 {
		n, k := rng.IntN(120), rng.IntN(40)
		all := make([]Ranked[string], n)
		for i := range all {
			all[i] = Ranked[string]{float64(rng.IntN(8)), i, fmt.Sprint(i)} // many ties
		}
		want := slices.Clone(all)
		slices.SortFunc(want, func(a, b Ranked[string]) int {
			if a.Score != b.Score {
				return int(b.Score - a.Score)
			}
			return a.Index - b.Index
		})
		want = want[:min(n, k)]

		rng.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
		whole := NewTopK[string](k)
		parts := []*TopK[string]{NewTopK[string](k), NewTopK[string](k), NewTopK[string](k)}
		for _, e := range all {
			if takes := whole.Takes(e.Score, e.Index); whole.Add(e.Score, e.Index, e.Value) != takes {
				t.Fatalf("%d of %d: takes %v: %t, and does not", k, n, e, takes)
			}
			parts[rng.IntN(3)].Add(e.Score, e.Index, e.Value)
		}
		parts[0].Merge(parts[2])
		parts[0].Merge(parts[1])
		for name, got := range map[string]*TopK[string]{"whole": whole, "merged": parts[0]} {
			if !slices.Equal(got.Sorted(), want) || got.Len() != len(want) {
				t.Fatalf("%s, %d of %d: got %v, want %v", name, k, n, got.Sorted(), want)
			}
		}
	}
}

func TestTopKKeepsNoNaNOverANumber(t *testing.T) {
	t.Parallel()
	top := NewTopK[int](2)
	for i, s := range []float64{math.NaN(), math.Inf(-1), math.NaN(), -5} {
		top.Add(s, i, i)
	}
	if got := top.Sorted(); got[0].Index != 3 || got[1].Index != 1 {
		t.Errorf("got %v, want -5 and -Inf", got)
	}
}

func BenchmarkTopK(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 3))
	scores := make([]float64, 1_000_000)
	for i := range scores {
		scores[i] = rng.Float64()
	}
	b.ReportAllocs()
	for b.Loop() {
		top := NewTopK[struct{}](1000)
		for i, s := range scores {
			top.Add(s, i, struct{}{})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(scores)), "ns/sample")
}
