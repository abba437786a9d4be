package crew

import "fmt"

// Alpha is Krippendorff's α for nominal data: 1 where all who rate an item agree, 0
// where they agree as often as chance would have it, below 0 where they agree less. An
// item with one rating says nothing and is left out. With no item that two rate, or
// with one class alone, it is not defined.
func Alpha(r Ratings) (float64, error) {
	if err := r.checkOnce(); err != nil {
		return 0, fmt.Errorf("compute alpha: %w", err)
	}
	counts, of, n := r.counts(), make([]int, r.Classes), 0
	observed := 0.0 // disagreeing pairs within items, each item's divided by its ratings less one
	for i := range r.Items {
		row := r.item(counts, i)
		m := sum(row)
		if m < 2 {
			continue
		}
		pairs := 0
		for c, v := range row {
			of[c] += v
			pairs += v * (m - v)
		}
		n += m
		observed += float64(pairs) / float64(m-1)
	}
	expected := 0.0 // disagreeing pairs among all ratings
	for _, v := range of {
		expected += float64(v) * float64(n-v)
	}
	switch {
	case n == 0:
		return 0, fmt.Errorf("compute alpha: no item has two ratings: %w", ErrUndefined)
	case expected == 0:
		return 0, fmt.Errorf("compute alpha: all ratings are of one class: %w", ErrUndefined)
	}
	return 1 - observed*float64(n-1)/expected, nil
}

// Fleiss is Fleiss' κ, on a scale like that of α. It wants items with the same number
// of ratings, two or more; whoever gives them need not be the same people.
func Fleiss(r Ratings) (float64, error) {
	if err := r.checkOnce(); err != nil {
		return 0, fmt.Errorf("compute kappa: %w", err)
	}
	if r.Items == 0 {
		return 0, fmt.Errorf("compute kappa: there is no item: %w", ErrUndefined)
	}
	counts, of := r.counts(), make([]int, r.Classes)
	m := sum(r.item(counts, 0))
	pairs := 0 // agreeing
	for i := range r.Items {
		row := r.item(counts, i)
		if got := sum(row); got != m || m < 2 {
			return 0, fmt.Errorf("compute kappa: item %d has %d ratings and item 0 has %d; all are to have as many, two or more: %w", i, got, m, ErrUndefined)
		}
		for c, v := range row {
			of[c] += v
			pairs += v * (v - 1)
		}
	}
	agree := float64(pairs) / float64(r.Items*m*(m-1))
	return kappa(agree, of, of, r.Items*m)
}

// Cohen is Cohen's κ of two annotators, on the items that both rate.
func Cohen(r Ratings, a, b int) (float64, error) {
	if err := r.checkOnce(); err != nil {
		return 0, fmt.Errorf("compute kappa: %w", err)
	}
	first := map[int]int{}
	for _, x := range r.List {
		if x.Annotator == a {
			first[x.Item] = x.Class
		}
	}
	ofA, ofB, both, same := make([]int, r.Classes), make([]int, r.Classes), 0, 0
	for _, x := range r.List {
		class, rated := first[x.Item]
		if x.Annotator != b || !rated {
			continue
		}
		both++
		ofA[class]++
		ofB[x.Class]++
		if class == x.Class {
			same++
		}
	}
	if both == 0 {
		return 0, fmt.Errorf("compute kappa: annotators %d and %d have no item in common: %w", a, b, ErrUndefined)
	}
	return kappa(float64(same)/float64(both), ofA, ofB, both)
}

// kappa corrects a share of agreement for that of chance, where each of two gives the
// classes as often as it did among n ratings.
func kappa(agree float64, a, b []int, n int) (float64, error) {
	product := 0.0
	for c := range a {
		product += float64(a[c]) * float64(b[c])
	}
	chance := product / (float64(n) * float64(n))
	if chance == 1 {
		return 0, fmt.Errorf("compute kappa: all ratings are of one class: %w", ErrUndefined)
	}
	return (agree - chance) / (1 - chance), nil
}
