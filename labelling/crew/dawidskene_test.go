package crew

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// anaesthetists are the 45 patients of table 1 of Dawid and Skene: three ratings by
// the first observer, and one by each of four others.
var anaesthetists = []string{
	"1111111", "3334334", "1122122", "2223121", "2223222", "2223322", "1222111", "3333433", "2222223", "2322223", "4444444", "2223343",
	"1111111", "2223212", "1211111", "1112111", "1111111", "1111111", "2222221", "2221322", "2222222", "2222221", "2223222", "2212222",
	"1111111", "1111111", "2322222", "1111111", "1111111", "1121121", "1111111", "3333233", "1111111", "2222222", "2223232", "4334343",
	"2212232", "2323233", "3333432", "1111111", "1111111", "1212111", "2322222", "1211111", "2222222",
}

func anaesthesia() Ratings {
	r := Ratings{Items: len(anaesthetists), Annotators: 5, Classes: 4}
	for i, row := range anaesthetists {
		for k, c := range row {
			r.List = append(r.List, Rating{i, max(k-2, 0), int(c - '1')})
		}
	}
	return r
}

// plainDawidSkene follows the equations of the paper as they stand, with products of
// probabilities.
func plainDawidSkene(r Ratings, smoothing float64, rounds int) (prior []float64, confusion [][][]float64, posterior [][]float64) {
	count := make([][][]float64, r.Items) // n_il^(k)
	posterior = make([][]float64, r.Items)
	for i := range count {
		count[i], posterior[i] = table(r.Annotators, r.Classes), make([]float64, r.Classes)
	}
	for _, x := range r.List {
		count[x.Item][x.Annotator][x.Class]++
	}
	for i := range r.Items {
		all := 0.0
		for k := range r.Annotators {
			for l := range r.Classes {
				posterior[i][l] += count[i][k][l]
				all += count[i][k][l]
			}
		}
		for l := range r.Classes {
			posterior[i][l] /= all
		}
	}
	for range rounds {
		prior, confusion = make([]float64, r.Classes), make([][][]float64, r.Annotators)
		for j := range r.Classes {
			for i := range r.Items {
				prior[j] += posterior[i][j]
			}
			prior[j] = (prior[j] + smoothing) / (float64(r.Items) + smoothing*float64(r.Classes))
		}
		for k := range r.Annotators {
			confusion[k] = table(r.Classes, r.Classes)
			for j := range r.Classes {
				all := smoothing * float64(r.Classes)
				for i := range r.Items {
					for l := range r.Classes {
						confusion[k][j][l] += posterior[i][j] * count[i][k][l]
						all += posterior[i][j] * count[i][k][l]
					}
				}
				for l := range r.Classes {
					if confusion[k][j][l] = (confusion[k][j][l] + smoothing) / all; all == 0 {
						confusion[k][j][l] = 1 / float64(r.Classes)
					}
				}
			}
		}
		for i := range r.Items {
			all := 0.0
			for j := range r.Classes {
				p := prior[j]
				for k := range r.Annotators {
					for l := range r.Classes {
						p *= math.Pow(confusion[k][j][l], count[i][k][l])
					}
				}
				posterior[i][j] = p
				all += p
			}
			for j := range r.Classes {
				posterior[i][j] /= all
			}
		}
	}
	return prior, confusion, posterior
}

func near6(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= 1e-6 })
}

func TestDawidSkenePublished(t *testing.T) {
	t.Parallel()
	m, err := DawidSkene(anaesthesia(), EM{})
	if err != nil || !m.Converged {
		t.Fatalf("%+v, %v", m, err)
	}
	for c, want := range []float64{0.40, 0.42, 0.11, 0.07} { // table 2
		if math.Abs(m.Prior[c]-want) > 0.005 {
			t.Errorf("class %d is as likely as %v, published as %v", c+1, m.Prior[c], want)
		}
	}
	// Observer 1 never takes a patient of class 1 for one of class 3 or 4.
	if row := m.Confusion[0][0]; row[2] != 0 || row[3] != 0 || row[0] < 0.85 || row[0] > 0.92 {
		t.Errorf("the first observer says of class 1 %v", row)
	}
}

func TestDawidSkeneAgainstPlainReference(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	cases := []Ratings{anaesthesia()}
	for range 12 {
		r, _ := simulate(rng, 60+rng.IntN(60), 2+rng.IntN(3), 1, 0.9, 0.75, 0.6, 0.7)
		keep := slices.DeleteFunc(r.List, func(x Rating) bool { return x.Annotator > 0 && rng.Float64() < 0.3 })
		r.List = keep
		cases = append(cases, r)
	}
	for n, r := range cases {
		for _, smoothing := range []float64{0, 0.1} {
			m, err := DawidSkene(r, EM{Smoothing: smoothing, Iterations: 300})
			if err != nil {
				t.Errorf("case %d: %v", n, err)
				continue
			}
			prior, confusion, posterior := plainDawidSkene(r, smoothing, m.Iterations)
			if !near6(m.Prior, prior) || !slices.EqualFunc(m.Posterior, posterior, near6) {
				t.Errorf("case %d: priors %v, want %v; or the posteriors", n, m.Prior, prior)
			}
			for k := range confusion {
				if !slices.EqualFunc(m.Confusion[k], confusion[k], near6) {
					t.Errorf("case %d: annotator %d has %v, want %v", n, k, m.Confusion[k], confusion[k])
				}
			}
		}
	}
}

// The objective never falls, and other numbers for items, annotators and classes
// change nothing.
func TestDawidSkeneProperties(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(5, 6))
	for range 10 {
		r, _ := simulate(rng, 40, 3, 0.8, 0.9, 0.7, 0.5, 0.6)
		for _, smoothing := range []float64{0, 0.5} {
			before := math.Inf(-1)
			for n := 1; n <= 40; n++ {
				m, err := DawidSkene(r, EM{Smoothing: smoothing, Iterations: n, Tolerance: 1e-300})
				if err != nil || m.Objective < before-1e-9 || smoothing == 0 && m.Objective != m.LogLikelihood {
					t.Fatalf("after %d iterations it is %v, %v before (%v)", n, m.Objective, before, err)
				}
				before = m.Objective
			}
		}
		m, err := DawidSkene(r, EM{})
		other, items := permuted(rng, r)
		again, err2 := DawidSkene(other, EM{})
		if err != nil || err2 != nil || math.Abs(m.LogLikelihood-again.LogLikelihood) > 1e-8 {
			t.Errorf("log-likelihood %v and %v (%v, %v)", m.LogLikelihood, again.LogLikelihood, err, err2)
		}
		for i := range items {
			a, b := slices.Sorted(slices.Values(m.Posterior[i])), slices.Sorted(slices.Values(again.Posterior[items[i]]))
			if !near6(a, b) {
				t.Errorf("item %d: %v and %v", i, a, b)
			}
		}
	}
	r := fromGrid(3, "123123", "123123")
	if m, err := DawidSkene(r, EM{}); err != nil || !slices.Equal(m.Classes(), []int{0, 1, 2, 0, 1, 2}) || math.Abs(m.Accuracy(1)-1) > 1e-9 {
		t.Errorf("perfect agreement gives %+v, %v", m, err)
	}
	// Two who always say the opposite: nobody can tell who is right.
	if m, err := DawidSkene(fromGrid(2, "1212", "2121"), EM{}); err != nil || slices.ContainsFunc(m.Classes(), func(c int) bool { return c != Undecided }) {
		t.Errorf("%v, %v", m.Classes(), err)
	}
	if m, err := DawidSkene(fromGrid(2, "11.", "1.."), EM{}); err != nil || !slices.Equal(m.Classes()[:2], []int{0, 0}) {
		t.Errorf("%v, %v", m.Classes(), err)
	}
}

// A consensus of three who are right in 90, 80 and 60 of 100 cases beats taking
// whatever was said last.
func TestConsensusBeatsLast(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10) {
		r, truth := simulate(rand.New(rand.NewPCG(seed, 9)), 200, 5, 1, 0.9, 0.8, 0.6)
		m, err := DawidSkene(r, EM{Smoothing: 0.1})
		if err != nil {
			t.Fatal(err)
		}
		lastSaid := make([]int, r.Items)
		for _, x := range r.List {
			lastSaid[x.Item] = x.Class
		}
		right := func(classes []int) (n int) {
			for i, c := range classes {
				if c == truth[i] {
					n++
				}
			}
			return n
		}
		if skene, last := right(m.Classes()), right(lastSaid); skene <= last {
			t.Errorf("seed %d: Dawid and Skene %d, last %d of %d", seed, skene, last, r.Items)
		}
		if majority := right(Majority(r)); majority <= right(lastSaid) {
			t.Errorf("seed %d: majority %d", seed, majority)
		}
		for a, want := range []float64{0.9, 0.8, 0.6} {
			if got := m.Accuracy(a); math.Abs(got-want) > 0.1 {
				t.Errorf("seed %d: annotator %d is right in %v, is %v", seed, a, got, want)
			}
		}
	}
}

func TestMajorityAndConfusion(t *testing.T) {
	t.Parallel()
	r := fromGrid(3, "1122.", "1213.", "21.1.")
	classes := Majority(r)
	if want := []int{0, 0, Undecided, Undecided, Undecided}; !slices.Equal(classes, want) {
		t.Fatalf("majority %v, want %v", classes, want)
	}
	m := Confusion(r, classes)
	if m[0].Right() != 2 || m[0].Total() != 2 || m[1].Right() != 1 || m[1][0][1] != 1 || m[2].Right() != 1 || m[2].Total() != 2 {
		t.Errorf("confusion %v", m)
	}
}
