package selection

import (
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/internal/seeded"
)

// Every strategy beside its definition written down as plainly as can be:
// all distances, all pairs, nothing left out, float64 throughout. The two
// share the random numbers that belong to a sample, and nothing else.

// reference is a strategy as its paper has it; it returns rows in order.
type reference func(pool, labelled Candidates, k int, seed uint64) []int

var references = map[string]reference{
	"badge":            plainBADGE,
	"cdal":             plainCDAL,
	"k-center":         func(pool, labelled Candidates, k int, _ uint64) []int { return plainCenters(pool, labelled, k) },
	"k-means":          plainMeans("k-means", "margin", 10, false),
	"weighted-k-means": plainMeans("weighted-k-means", "margin", 10, true),
	"clue":             plainMeans("clue", "entropy", math.Inf(1), true),
	"typiclust":        plainTypiClust,
	"probcover":        plainProbCover,
	"cal":              plainCAL,
	"density":          plainDensity,
	"falcun":           plainFALCUN,
	"ccs":              plainCCS,
	"moderate":         plainModerate,
	"softrank":         plainSoftRank,
	"class-balanced":   plainBalanced,
}

func TestStrategiesEqualReference(t *testing.T) {
	t.Parallel()
	for _, s := range whole() {
		plain := references[s.Name]
		if plain == nil {
			t.Errorf("%s has no reference", s.Name)
			continue
		}
		for kind, draw := range poolKinds {
			for round, size := range []struct{ n, dim, classes, labelled, k int }{
				{30, 2, 3, 5, 30}, {60, 4, 5, 1, 20}, {200, 7, 3, 40, 15}, {300, 3, 2, 12, 50}, {150, 16, 10, 0, 12},
			} {
				if size.labelled == 0 && s.Labelled == Required {
					size.labelled = 3
				}
				seed := uint64(100*round + 1)
				pool := candidatesOf(seed, size.n, size.dim, size.classes, draw)
				labelled := Candidates{}
				if s.Labelled != Unused && size.labelled > 0 {
					labelled = candidatesOf(seed+1, size.labelled, size.dim, size.classes, draw)
				}
				if s.Name == "ccs" && size.k > size.n*9/10 {
					size.k = size.n * 9 / 10
				}
				c := choiceFor(s, size.k, seed, labelled)
				if s.Name == "probcover" {
					c.Params = map[string]float64{"delta": referenceDelta}
				}
				got, want := chooseRows(t, pool, c), plain(pool, labelled, size.k, seed)
				if !slices.Equal(got, want) {
					t.Errorf("%s, %d of %s: chose %v, want %v", s.Name, size.n, kind, got, want)
				}
			}
		}
	}
}

// known is a score that the pool has.
func known(pool Candidates, i int, name string) float64 {
	v, _ := pool.Records[i].Scores.Of(name)
	return v
}

// argBest is the index with the largest value, the lowest of a tie, of those
// that are not in but.
func argBest(n int, but []int, value func(int) float64) int {
	out := -1
	var most float64
	for i := range n {
		if slices.Contains(but, i) {
			continue
		}
		if v := value(i); out < 0 || v > most {
			out, most = i, v
		}
	}
	return out
}

func topRows(n, k int, value func(int) float64) []int {
	var out []int
	for len(out) < k {
		out = append(out, argBest(n, out, value))
	}
	return out
}

func floats(row []float32) []float64 {
	out := make([]float64, len(row))
	for i, v := range row {
		out[i] = float64(v)
	}
	return out
}

// weightedDraw is the sample with the smallest e/w, the first that is left
// where no weight is above 0.
func weightedDraw(n int, but []int, s seeded.Stream, weight func(int) float64) int {
	return argBest(n, but, func(i int) float64 {
		if w := weight(i); w > 0 {
			return math.Log1p(-s.Uniform(i)) / w
		}
		return math.Inf(-1)
	})
}
