package crew

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// fromGrid makes ratings of rows of digits, one an annotator, a column an item; a point is
// no rating. Class 1 is number 0.
func fromGrid(classes int, rows ...string) Ratings {
	r := Ratings{Items: len(rows[0]), Annotators: len(rows), Classes: classes}
	for a, row := range rows {
		for i, c := range row {
			if c != '.' {
				r.List = append(r.List, Rating{i, a, int(c - '1')})
			}
		}
	}
	return r
}

// fromCounts makes ratings of how often each item got each class.
func fromCounts(rows ...[]int) Ratings {
	r := Ratings{Items: len(rows), Annotators: sum(rows[0]), Classes: len(rows[0])}
	for i, row := range rows {
		a := 0
		for c, n := range row {
			for range n {
				r.List = append(r.List, Rating{i, a, c})
				a++
			}
		}
	}
	return r
}

// krippendorff is the example of four observers and twelve units of "Computing
// Krippendorff's Alpha-Reliability", section C.
var krippendorff = fromGrid(5, "123321412...", "1233224125.3", ".3332342251.", "12332441251.")

// psychiatry is the worked example of Fleiss' kappa in Wikipedia: fourteen raters, ten
// subjects, five categories.
var psychiatry = fromCounts([]int{0, 0, 0, 0, 14}, []int{0, 2, 6, 4, 2}, []int{0, 0, 3, 5, 6}, []int{0, 3, 9, 2, 0}, []int{2, 2, 8, 1, 1},
	[]int{7, 7, 0, 0, 0}, []int{3, 2, 6, 3, 0}, []int{2, 5, 3, 2, 2}, []int{6, 5, 2, 1, 0}, []int{0, 2, 2, 3, 7})

func TestPublishedAgreement(t *testing.T) {
	t.Parallel()
	if got, err := Alpha(krippendorff); err != nil || math.Abs(got-0.743) > 5e-4 {
		t.Errorf("alpha is %v (%v), published as 0.743", got, err)
	}
	if got, err := Fleiss(psychiatry); err != nil || math.Abs(got-0.210) > 5e-4 {
		t.Errorf("kappa is %v (%v), published as 0.210", got, err)
	}
	// Two readers of fifty proposals: 20 times both say yes, 15 times no.
	a, b := strings.Repeat("1", 25)+strings.Repeat("2", 25), strings.Repeat("1", 20)+strings.Repeat("2", 5)+strings.Repeat("1", 10)+strings.Repeat("2", 15)
	if got, err := Cohen(fromGrid(2, a, b), 0, 1); err != nil || math.Abs(got-0.4) > 1e-12 {
		t.Errorf("kappa of two is %v (%v), published as 0.4", got, err)
	}
}

// simulate draws ratings by annotators of these accuracies, who see an item with
// probability seen and err evenly; truth are the classes of the items.
func simulate(rng *rand.Rand, items, classes int, seen float64, accuracy ...float64) (r Ratings, truth []int) {
	r = Ratings{Items: items, Annotators: len(accuracy), Classes: classes}
	for i := range items {
		truth = append(truth, rng.IntN(classes))
		for a, right := range accuracy {
			if rng.Float64() >= seen {
				continue
			}
			class := truth[i]
			if rng.Float64() >= right {
				class = (class + 1 + rng.IntN(classes-1)) % classes
			}
			r.List = append(r.List, Rating{i, a, class})
		}
	}
	return r, truth
}

// grid is the class that each annotator gave each item, Undecided for none.
func (r Ratings) grid() [][]int {
	out := make([][]int, r.Annotators)
	for a := range out {
		out[a] = make([]int, r.Items)
		for i := range out[a] {
			out[a][i] = Undecided
		}
	}
	for _, x := range r.List {
		out[x.Annotator][x.Item] = x.Class
	}
	return out
}

// plainAlpha goes over all pairs of ratings, as the definition does.
func plainAlpha(r Ratings) float64 {
	grid := r.grid()
	var pairable []int
	observed := 0.0
	for i := range r.Items {
		var values []int
		for a := range r.Annotators {
			if c := grid[a][i]; c != Undecided {
				values = append(values, c)
			}
		}
		if len(values) < 2 {
			continue
		}
		pairable = append(pairable, values...)
		for x, c := range values {
			for y, k := range values {
				if x != y && c != k {
					observed += 1 / float64(len(values)-1)
				}
			}
		}
	}
	n, expected := float64(len(pairable)), 0.0
	for x, c := range pairable {
		for y, k := range pairable {
			if x != y && c != k {
				expected++
			}
		}
	}
	return 1 - (observed/n)/(expected/(n*(n-1)))
}

// plainFleiss takes the mean over items of the share of pairs that agree.
func plainFleiss(r Ratings) float64 {
	grid := r.grid()
	var of []float64
	for range r.Classes {
		of = append(of, 0)
	}
	agree, m := 0.0, float64(r.Annotators)
	for i := range r.Items {
		for a := range grid {
			of[grid[a][i]] += 1 / (m * float64(r.Items))
			for b := range grid {
				if a != b && grid[a][i] == grid[b][i] {
					agree += 1 / (m * (m - 1) * float64(r.Items))
				}
			}
		}
	}
	chance := 0.0
	for _, p := range of {
		chance += p * p
	}
	return (agree - chance) / (1 - chance)
}

// permuted gives items, annotators and classes other numbers, and the list another
// order.
func permuted(rng *rand.Rand, r Ratings) (_ Ratings, items []int) {
	items, annotators, classes := rng.Perm(r.Items), rng.Perm(r.Annotators), rng.Perm(r.Classes)
	out := Ratings{Items: r.Items, Annotators: r.Annotators, Classes: r.Classes}
	for _, at := range rng.Perm(len(r.List)) {
		x := r.List[at]
		out.List = append(out.List, Rating{items[x.Item], annotators[x.Annotator], classes[x.Class]})
	}
	return out, items
}

func TestAgreementAgainstPlainReference(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		classes := 2 + rng.IntN(4)
		r, _ := simulate(rng, 5+rng.IntN(30), classes, 0.7, 0.9, 0.7, 0.5, 0.6)
		got, err := Alpha(r)
		if want := plainAlpha(r); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("alpha is %v (%v), want %v", got, err, want)
		}
		other, _ := permuted(rng, r)
		if again, err := Alpha(other); err != nil || math.Abs(got-again) > 1e-12 {
			t.Errorf("alpha is %v (%v) in another order, %v before", again, err, got)
		}
		all, _ := simulate(rng, 5+rng.IntN(30), classes, 1, 0.9, 0.7, 0.5)
		got, err = Fleiss(all)
		if want := plainFleiss(all); err != nil || math.Abs(got-want) > 1e-12 {
			t.Errorf("kappa is %v (%v), want %v", got, err, want)
		}
		other, _ = permuted(rng, all)
		if again, err := Fleiss(other); err != nil || math.Abs(got-again) > 1e-12 {
			t.Errorf("kappa is %v (%v) in another order, %v before", again, err, got)
		}
		ab, err := Cohen(all, 0, 1)
		ba, err2 := Cohen(all, 1, 0)
		if err != nil || err2 != nil || math.Abs(ab-ba) > 1e-12 {
			t.Errorf("kappa of two is %v and %v (%v, %v)", ab, ba, err, err2)
		}
	}
}

func TestPerfectAgreement(t *testing.T) {
	t.Parallel()
	r := fromGrid(3, "123123", "123123", "123123")
	alpha, err := Alpha(r)
	fleiss, err2 := Fleiss(r)
	cohen, err3 := Cohen(r, 0, 2)
	if alpha != 1 || fleiss != 1 || cohen != 1 || err != nil || err2 != nil || err3 != nil {
		t.Errorf("alpha %v, kappa %v and %v (%v, %v, %v)", alpha, fleiss, cohen, err, err2, err3)
	}
}

func TestUndefined(t *testing.T) {
	t.Parallel()
	fleiss := func(r Ratings) error { _, err := Fleiss(r); return err }
	alpha := func(r Ratings) error { _, err := Alpha(r); return err }
	cohen := func(r Ratings) error { _, err := Cohen(r, 0, 1); return err }
	skene := func(r Ratings) error { _, err := DawidSkene(r, EM{}); return err }
	for name, c := range map[string]struct {
		of        func(Ratings) error
		r         Ratings
		want      string
		undefined bool
	}{
		"one each":        {alpha, fromGrid(2, "1.", ".2"), "no item has two ratings", true},
		"one class":       {alpha, fromGrid(2, "11", "11"), "all ratings are of one class", true},
		"nothing":         {alpha, Ratings{}, "no item has two ratings", true},
		"another number":  {fleiss, fromGrid(2, "11", "1."), "item 1 has 1 ratings and item 0 has 2", true},
		"one rating":      {fleiss, fromGrid(2, "12"), "item 0 has 1", true},
		"no item":         {fleiss, Ratings{}, "there is no item", true},
		"one class alone": {fleiss, fromGrid(2, "11", "11"), "one class", true},
		"none in common":  {cohen, fromGrid(2, "1.", ".2"), "annotators 0 and 1 have no item in common", true},
		"no rating":       {skene, Ratings{Items: 2, Annotators: 1, Classes: 2}, "there is no rating", true},
		"twice":           {alpha, Ratings{1, 1, 2, []Rating{{0, 0, 1}, {0, 0, 0}}}, "annotator 0 rates item 0 twice", false},
		"a class beyond":  {skene, Ratings{1, 1, 2, []Rating{{0, 0, 2}}}, "the class 2, and there are 2", false},
		"an item beyond":  {cohen, Ratings{1, 1, 2, []Rating{{1, 0, 0}}}, "item 1, and there are 1", false},
		"nobody":          {fleiss, Ratings{1, 1, 2, []Rating{{0, -1, 0}}}, "annotator -1", false},
	} {
		err := c.of(c.r)
		if err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, ErrUndefined) != c.undefined {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
