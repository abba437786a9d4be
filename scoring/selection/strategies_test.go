package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
)

// candidates are n samples with all that any strategy needs. Features come
// from draw, class probabilities from logits that grow with the features.
func candidatesOf(seed uint64, n, dim, classes int, draw func(*rand.Rand) float64) Candidates {
	rng := rand.New(rand.NewPCG(seed, 77))
	c := Candidates{Features: Features{Dim: dim}, Probabilities: Features{Dim: classes}}
	weights := make([]float64, dim*classes)
	for i := range weights {
		weights[i] = rng.NormFloat64()
	}
	for i := range n {
		z := make([]float32, classes)
		for d := range dim {
			v := float32(draw(rng))
			c.Features.Data = append(c.Features.Data, v)
			for k := range z {
				z[k] += v * float32(weights[d*classes+k]/math.Sqrt(float64(dim)))
			}
		}
		var row scoring.Row
		if err := row.SetLogits(z); err != nil {
			panic(err)
		}
		for _, p := range row.P {
			c.Probabilities.Data = append(c.Probabilities.Data, float32(p))
		}
		label := rng.IntN(3)
		c.Records = append(c.Records, scoring.Record{
			Index: i, ID: fmt.Sprint("s", i), Class: row.First, Label: &label,
			Scores: scoring.ScoresOf(map[string]float64{"entropy": measure("entropy", &row), "margin": measure("margin", &row), "aum": rng.NormFloat64()}),
		})
	}
	return c
}

var poolKinds = map[string]func(*rand.Rand) float64{
	"normal":   (*rand.Rand).NormFloat64,
	"grid":     func(r *rand.Rand) float64 { return float64(r.IntN(3)) }, // ties and duplicates
	"offset":   func(r *rand.Rand) float64 { return 30 + r.NormFloat64() },
	"clusters": func(r *rand.Rand) float64 { return float64(10*r.IntN(3)) + 0.1*r.NormFloat64() },
}

// whole are the strategies that look at the whole pool.
func whole() []Strategy {
	return slices.DeleteFunc(Strategies(), func(s Strategy) bool { return !s.WholePool() })
}

func chooseRows(t testing.TB, pool Candidates, c Choice) []int {
	t.Helper()
	got, err := pool.Choose(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	return indices(got)
}

// choiceFor is a choice by s with a labelled set where it makes use of one.
func choiceFor(s Strategy, k int, seed uint64, labelled Candidates) Choice {
	c := Choice{Strategy: s.Name, K: k, Seed: seed}
	if s.Labelled != Unused {
		c.Labelled = labelled
	}
	return c
}

// JordanAsh/badge#5, scikit-activeml#586, DISTIL's crash where all distances
// are 0: in a pool of copies, and where all of the pool is wanted, every
// sample is chosen once.
func TestFaultDuplicatesInThePool(t *testing.T) {
	t.Parallel()
	for _, s := range whole() {
		for _, kind := range []string{"copies", "grid"} {
			draw := poolKinds["grid"]
			if kind == "copies" {
				draw = func(*rand.Rand) float64 { return 1 }
			}
			pool, labelled := candidatesOf(1, 70, 3, 4, draw), candidatesOf(2, 5, 3, 4, draw)
			c := choiceFor(s, 70, 3, labelled)
			if s.Name == "ccs" {
				c.Params = map[string]float64{"beta": 0}
			}
			if s.Name == "probcover" {
				c.Params = map[string]float64{"delta": 0.5}
			}
			got := chooseRows(t, pool, c)
			slices.Sort(got)
			for i, index := range got {
				if i != index {
					t.Fatalf("%s of %s: sample %d is not among the chosen", s.Name, kind, i)
				}
			}
		}
	}
}

// The result is a function of the samples and the seed: not of the workers,
// nor of the order in which the records come.
func TestFaultStrategiesDependOnExecution(t *testing.T) {
	t.Parallel()
	for _, s := range whole() {
		for kind, draw := range poolKinds {
			pool, labelled := candidatesOf(4, 400, 5, 6, draw), candidatesOf(5, 30, 5, 6, draw)
			c := choiceFor(s, 25, 8, labelled)
			c.Workers = 1
			if s.Name == "probcover" {
				c.Params = map[string]float64{"delta": 1.5}
			}
			want := chooseRows(t, pool, c)
			for _, workers := range []int{2, 3, 7} {
				c.Workers = workers
				if got := chooseRows(t, pool, c); !slices.Equal(got, want) {
					t.Errorf("%s of %s, %d workers: %v, want %v", s.Name, kind, workers, got, want)
				}
			}
			var records []scoring.Record
			for i, r := range pool.Records {
				r.Features, r.Probabilities = pool.Features.Row(i), pool.Probabilities.Row(i)
				records = append(records, r)
			}
			rand.New(rand.NewPCG(1, 1)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
			got, err := Choose(context.Background(), sequence(records), c)
			if err != nil || !slices.Equal(indices(got), want) {
				t.Errorf("%s of %s, shuffled: %v, %v, want %v", s.Name, kind, indices(got), err, want)
			}
		}
	}
}

// ntucllab/libact#200: sources of randomness that ignore the seed. What draws
// draws anew with another seed; what does not stays as it is.
func TestFaultStrategiesIgnoreSeed(t *testing.T) {
	t.Parallel()
	exact := []string{"k-center", "cdal", "cal", "density", "moderate", "probcover"}
	for _, s := range whole() {
		pool, labelled := candidatesOf(6, 500, 4, 5, poolKinds["normal"]), candidatesOf(7, 20, 4, 5, poolKinds["normal"])
		choice := choiceFor(s, 40, 1, labelled)
		if s.Name == "probcover" {
			choice.Params = map[string]float64{"delta": 0.7}
		}
		a, b := chooseRows(t, pool, choice), chooseRows(t, pool, choice)
		if !slices.Equal(a, b) {
			t.Errorf("%s: the same seed chose differently", s.Name)
		}
		choice.Seed = 2
		if same := slices.Equal(a, chooseRows(t, pool, choice)); same != slices.Contains(exact, s.Name) {
			t.Errorf("%s: two seeds choose the same: %t", s.Name, same)
		}
	}
}

// JordanAsh/badge#3 and tools that hold a distance, or a gradient, for every
// pair or class: here distances would take 40,000 bytes a sample and gradients
// 640, and all that is allocated, thrown away again or not, is to be below 500.
func TestFaultQuadraticMemory(t *testing.T) {
	const n, dim, classes = 5000, 8, 10
	pool, labelled := candidatesOf(8, n, dim, classes, poolKinds["normal"]), candidatesOf(9, 50, dim, classes, poolKinds["normal"])
	for _, s := range whole() {
		c := choiceFor(s, 20, 1, labelled)
		if s.Name == "probcover" {
			c.Params = map[string]float64{"delta": 2}
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		chooseRows(t, pool, c)
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) / n; got > 500 {
			t.Errorf("%s: allocated %d bytes a sample in all", s.Name, got)
		}
	}
}

func TestStrategiesRefuse(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	for _, s := range whole() {
		pool, labelled := candidatesOf(6, 12, 4, 5, poolKinds["normal"]), candidatesOf(7, 8, 4, 5, poolKinds["normal"])
		choose := func(pool Candidates, c Choice) error {
			_, err := pool.Choose(context.Background(), c)
			return err
		}
		if err := choose(pool, choiceFor(s, 13, 0, labelled)); !errors.Is(err, ErrTooFew) || !strings.Contains(err.Error(), "13 of 12") {
			t.Errorf("%s, k larger than the pool: %v", s.Name, err)
		}
		if err := choose(Candidates{}, choiceFor(s, 1, 0, labelled)); !errors.Is(err, ErrTooFew) {
			t.Errorf("%s of an empty pool: %v", s.Name, err)
		}
		if err := choose(pool, choiceFor(s, 0, 0, labelled)); err == nil {
			t.Errorf("%s: chose none", s.Name)
		}
		broken := func(change func(*Candidates)) Candidates {
			c := pool
			c.Features.Data, c.Probabilities.Data = slices.Clone(pool.Features.Data), slices.Clone(pool.Probabilities.Data)
			c.Records = slices.Clone(pool.Records)
			change(&c)
			return c
		}
		for what, c := range map[string]struct {
			applies bool
			pool    Candidates
			says    string
		}{
			"NaN features":      {s.Features, broken(func(c *Candidates) { c.Features.Data[9] = nan }), "row 2"},
			"NaN probabilities": {s.Probabilities, broken(func(c *Candidates) { c.Probabilities.Data[9] = nan }), "row 1"},
			"NaN score":         {s.Scores, broken(func(c *Candidates) { c.Records[3].Scores = scoring.ScoresOf(map[string]float64{s.Measure: math.NaN()}) }), "not a number"},
			"infinite score": {s.Scores && s.Name != "ccs", broken(func(c *Candidates) {
				c.Records[3].Scores = scoring.ScoresOf(map[string]float64{s.Measure: math.Inf(1)})
			}), "cannot be a weight"},
			"no score":     {s.Scores, broken(func(c *Candidates) { c.Records[3].Scores = scoring.ScoresOf(map[string]float64{"x": 1}) }), "no score"},
			"no label":     {s.Labels, broken(func(c *Candidates) { c.Records[3].Label = nil }), "no label"},
			"no features":  {s.Features, broken(func(c *Candidates) { c.Features = Features{} }), "features"},
			"rows missing": {s.Features, broken(func(c *Candidates) { c.Features.Data = c.Features.Data[:40] }), "10 rows"},
		} {
			err := choose(c.pool, choiceFor(s, 3, 0, labelled))
			if c.applies && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%s, %s: error is %v", s.Name, what, err)
			}
		}
		if s.Labelled == Required {
			if err := choose(pool, Choice{Strategy: s.Name, K: 3}); err == nil || !strings.Contains(err.Error(), "labelled set") {
				t.Errorf("%s without a labelled set: %v", s.Name, err)
			}
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		c := choiceFor(s, 3, 0, labelled)
		if _, err := pool.Choose(ctx, c); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled: %v", s.Name, err)
		}
	}
}

func TestChoiceCheck(t *testing.T) {
	t.Parallel()
	for says, c := range map[string]Choice{
		"unknown strategy":         {Strategy: "best", K: 1},
		"at least 1":               {Strategy: "margin"},
		"measure of choice":        {Strategy: "badge", K: 1, Measure: "margin"},
		"unknown measure":          {Strategy: "power", K: 1, Measure: "best"},
		"cannot weigh":             {Strategy: "power", K: 1, Measure: "aum"},
		"has none":                 {Strategy: "badge", K: 1, Params: map[string]float64{"beta": 1}},
		"only temperature":         {Strategy: "power", K: 1, Params: map[string]float64{"beta": 1}},
		"want 0.001 to 1000":       {Strategy: "power", K: 1, Params: map[string]float64{"temperature": 0}},
		"parameter temperature of": {Strategy: "power", K: 1, Params: map[string]float64{"temperature": math.NaN()}},
	} {
		if _, err := c.Check(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error is %v, want %q", err, says)
		}
	}
}

func TestStrategiesSayAll(t *testing.T) {
	t.Parallel()
	for _, s := range Strategies() {
		if _, err := StrategyNamed(s.Name); err != nil {
			t.Error(err)
		}
		if s.Summary == "" || s.Reference == "" || s.Memory == "" || s.Time == "" {
			t.Errorf("%s does not say all about itself: %+v", s.Name, s)
		}
		if s.Measure == "" && (!s.WholePool() || s.Scores || s.AnyMeasure) {
			t.Errorf("%s goes by a measure and names none", s.Name)
		}
		if s.Measure != "" {
			if _, err := scoring.MeasureNamed(s.Measure); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
	_, err := StrategyNamed("kcenter")
	if err == nil || !strings.HasPrefix(err.Error(), `unknown strategy "kcenter"; did you mean k-center, `) {
		t.Errorf("error does not name the nearest strategies: %v", err)
	}
}
