package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
)

// plainKCenter is the definition, with every distance computed every time.
func plainKCenter(pool, labelled Features, k int) []Center {
	var chosen []Center
	nearest := func(i int) float64 {
		d := math.Inf(1)
		for j := range labelled.Len() {
			d = min(d, distance2(pool.Row(i), labelled.Row(j)))
		}
		for _, c := range chosen {
			d = min(d, distance2(pool.Row(i), pool.Row(c.Index)))
		}
		return d
	}
	if labelled.Len() == 0 {
		mean := make([]float64, pool.Dim)
		for i := range pool.Len() {
			for d, v := range pool.Row(i) {
				mean[d] += float64(v)
			}
		}
		best, least := 0, math.Inf(1)
		for i := range pool.Len() {
			var sum float64
			for d, v := range pool.Row(i) {
				diff := float64(v) - mean[d]/float64(pool.Len())
				sum += diff * diff
			}
			if sum < least {
				best, least = i, sum
			}
		}
		chosen = append(chosen, Center{best, 0})
	}
	for len(chosen) < k {
		best, most := -1, -1.0
		for i := range pool.Len() {
			if slices.ContainsFunc(chosen, func(c Center) bool { return c.Index == i }) {
				continue
			}
			if d := nearest(i); d > most {
				best, most = i, d
			}
		}
		chosen = append(chosen, Center{best, math.Sqrt(most)})
	}
	return chosen
}

func randomFeatures(n, dim int, draw func() float64) Features {
	f := Features{dim, make([]float32, n*dim)}
	for i := range f.Data {
		f.Data[i] = float32(draw())
	}
	return f
}

func TestKCenterEqualsPlain(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	draws := map[string]func() float64{
		"normal": rng.NormFloat64,
		"grid":   func() float64 { return float64(rng.IntN(3)) },              // ties and duplicates
		"offset": func() float64 { return 1e4 + rng.NormFloat64() },           // dot products that cancel
		"huge":   func() float64 { return 1e30 * rng.NormFloat64() },          // float32 squares overflow
		"tiny":   func() float64 { return 1e-25 * rng.NormFloat64() },         // float32 squares underflow
		"relu":   func() float64 { return max(0, rng.NormFloat64()) },         //
		"spread": func() float64 { return math.Exp(5*rng.NormFloat64()) - 1 }, // norms of all sizes
	}
	for name, draw := range draws {
		for _, size := range []struct{ n, dim, labelled, k int }{
			{40, 1, 0, 40}, {60, 3, 7, 30}, {300, 17, 0, 40}, {700, 5, 100, 25}, {530, 64, 1, 30},
		} {
			t.Run(fmt.Sprintf("%s/%d×%d", name, size.n, size.dim), func(t *testing.T) {
				pool := randomFeatures(size.n, size.dim, draw)
				labelled := randomFeatures(size.labelled, size.dim, draw)
				want := plainKCenter(pool, labelled, size.k)
				for _, workers := range []int{1, 2, 5} {
					got, err := KCenter(context.Background(), pool, size.k, KCenterOptions{Labelled: labelled, Workers: workers})
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(got, want) {
						t.Fatalf("%d workers: got %v, want %v", workers, got, want)
					}
				}
			})
		}
	}
}

func TestKCenterFirstChoice(t *testing.T) {
	t.Parallel()
	pool := Features{1, []float32{-10, 0, 1, 10, 2}}
	got, err := KCenter(context.Background(), pool, 3, KCenterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	// The mean is 0.6; the seed point at 1 is itself part of the answer.
	want := []Center{{2, 0}, {0, 11}, {3, 9}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A cover is better for knowing what is labelled: the far cluster that has a
// label already is not chosen from first.
func TestKCenterLabelledSet(t *testing.T) {
	t.Parallel()
	pool := Features{2, []float32{100, 100, 101, 100, 0, 0, 0, 5}}
	labelled := Features{2, []float32{100, 101, 1, 0}}
	got, err := KCenter(context.Background(), pool, 2, KCenterOptions{Labelled: labelled})
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Index != 3 || got[1].Index != 1 {
		t.Errorf("chose %v, want samples 3 then 1", got)
	}
}

func TestKCenterDuplicatePool(t *testing.T) {
	t.Parallel()
	pool := Features{4, make([]float32, 4*600)}
	for i := range pool.Data {
		pool.Data[i] = 0.1
	}
	for _, labelled := range []Features{{}, {4, pool.Data[:8]}} {
		got, err := KCenter(context.Background(), pool, 600, KCenterOptions{Labelled: labelled})
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range got {
			if c.Index != i {
				t.Fatalf("choice %d is sample %d: want each once, lowest index first", i, c.Index)
			}
		}
	}
}

func TestKCenterRefuses(t *testing.T) {
	t.Parallel()
	ok := Features{2, make([]float32, 10)}
	nan := Features{2, []float32{0, 1, 2, float32(math.NaN())}}
	for name, c := range map[string]struct {
		pool, labelled Features
		k              int
		is             error
	}{
		"k too large":         {pool: ok, k: 6, is: ErrTooFew},
		"k zero":              {pool: ok, k: 0},
		"no rows":             {pool: Features{}, k: 1},
		"ragged":              {pool: Features{3, make([]float32, 10)}, k: 1},
		"other axes":          {pool: ok, labelled: Features{5, make([]float32, 10)}, k: 1},
		"NaN in the pool":     {pool: nan, k: 1, is: scoring.ErrNotFinite},
		"NaN in the labelled": {pool: ok, labelled: nan, k: 1, is: scoring.ErrNotFinite},
	} {
		_, err := KCenter(context.Background(), c.pool, c.k, KCenterOptions{Labelled: c.labelled})
		if err == nil || c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestKCenterCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	pool := randomFeatures(1000, 4, rand.New(rand.NewPCG(3, 4)).NormFloat64)
	made := 0
	_, err := KCenter(ctx, pool, 1000, KCenterOptions{Progress: func(done, total int) {
		if made = done; done == 10 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) || made != 10 {
		t.Errorf("made %d choices, error %v", made, err)
	}
}

// A distance matrix of this pool would take 800 MB.
func TestKCenterMemory(t *testing.T) {
	const n, k = 10_000, 50
	pool := randomFeatures(n, 2, rand.New(rand.NewPCG(5, 6)).NormFloat64)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := KCenter(context.Background(), pool, k, KCenterOptions{Labelled: Features{2, pool.Data[:2000]}}); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > 64*n {
		t.Errorf("allocated %d bytes in all, want at most %d (64 a sample)", got, 64*n)
	}
}

func BenchmarkKCenter(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	for name, draw := range map[string]func() float64{
		"normal": rng.NormFloat64,
		"relu":   func() float64 { return max(0, rng.NormFloat64()) },
	} {
		pool := randomFeatures(20_000, 64, draw)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := KCenter(context.Background(), pool, 100, KCenterOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
