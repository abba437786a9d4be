package crew

import (
	"fmt"
	"math"
)

// EM says when the iterations of DawidSkene end, and what they start with. The zero
// value is the method as published.
type EM struct {
	// Iterations is how many there are at most; 0 is 1000.
	Iterations int
	// Tolerance ends them once no posterior probability changes by more; 0 is 1e-10.
	Tolerance float64
	// Smoothing is added to every count from which a probability is estimated: of
	// the classes, and of what each annotator says of a class. With 0 an annotator
	// who has never mistaken one class for another never will; above 0 the objective
	// is the posterior density under Dirichlet priors of that plus one.
	Smoothing float64
}

// Model is what DawidSkene estimates.
type Model struct {
	Prior     []float64     // of each class
	Confusion [][][]float64 // of each annotator: how likely each class is said of an item of each class
	Posterior [][]float64   // of each item: how likely each class is

	// LogLikelihood is that of the ratings. Without smoothing no iteration lowers it;
	// with smoothing none lowers Objective, which else is the same.
	LogLikelihood, Objective float64

	Iterations int
	Converged  bool // within Iterations
}

// DawidSkene estimates, by expectation maximisation, the classes of items together
// with how each annotator errs. It begins with the shares of each item's ratings. An
// annotator may rate an item several times, as one of the paper's does. Where an
// annotator has rated no item of a class, all that he may say of it is as likely.
func DawidSkene(r Ratings, o EM) (*Model, error) {
	if err := r.Check(); err != nil {
		return nil, fmt.Errorf("estimate classes: %w", err)
	}
	if len(r.List) == 0 {
		return nil, fmt.Errorf("estimate classes: there is no rating: %w", ErrUndefined)
	}
	if !(o.Smoothing >= 0) || !(o.Tolerance >= 0) || o.Iterations < 0 || math.IsInf(o.Smoothing, 1) {
		return nil, fmt.Errorf("estimate classes: %+v: want numbers of 0 or more", o)
	}
	if o.Iterations == 0 {
		o.Iterations = 1000
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-10
	}
	m := start(r)
	for m.Iterations < o.Iterations && !m.Converged {
		m.Iterations++
		m.maximise(r, o.Smoothing)
		m.Converged = m.expect(r, o.Smoothing) <= o.Tolerance
	}
	return m, nil
}

// start makes a model whose posteriors are the shares of votes. Those of an item
// without a rating are alike.
func start(r Ratings) *Model {
	m := &Model{Prior: make([]float64, r.Classes), Posterior: table(r.Items, r.Classes), Confusion: make([][][]float64, r.Annotators)}
	for a := range m.Confusion {
		m.Confusion[a] = table(r.Classes, r.Classes)
	}
	for _, x := range r.List {
		m.Posterior[x.Item][x.Class]++
	}
	for _, row := range m.Posterior {
		normalise(row)
	}
	return m
}

func table(rows, columns int) [][]float64 {
	out := make([][]float64, rows)
	for i := range out {
		out[i] = make([]float64, columns)
	}
	return out
}

// normalise makes weights probabilities; without any all are alike.
func normalise(row []float64) {
	total := 0.0
	for _, v := range row {
		total += v
	}
	for i := range row {
		if total > 0 {
			row[i] /= total
		} else {
			row[i] = 1 / float64(len(row))
		}
	}
}

// maximise estimates priors and confusions by the posteriors. Items without a rating
// say nothing of the classes.
func (m *Model) maximise(r Ratings, smoothing float64) {
	rated := make([]bool, r.Items)
	for _, x := range r.List {
		rated[x.Item] = true
	}
	fill(m.Prior, smoothing)
	for i, row := range m.Posterior {
		if rated[i] {
			add(m.Prior, row)
		}
	}
	normalise(m.Prior)
	for _, confusion := range m.Confusion {
		for _, row := range confusion {
			fill(row, smoothing)
		}
	}
	for _, x := range r.List {
		for truth, p := range m.Posterior[x.Item] {
			m.Confusion[x.Annotator][truth][x.Class] += p
		}
	}
	for _, confusion := range m.Confusion {
		for _, row := range confusion {
			normalise(row)
		}
	}
}

func fill(row []float64, v float64) {
	for i := range row {
		row[i] = v
	}
}

func add(to, row []float64) {
	for i, v := range row {
		to[i] += v
	}
}

// expect estimates the posteriors by priors and confusions, and tells the greatest
// change of one.
func (m *Model) expect(r Ratings, smoothing float64) (change float64) {
	logs := table(r.Items, r.Classes)
	prior := logarithms(m.Prior)
	rated := make([]bool, r.Items)
	for _, row := range logs {
		copy(row, prior)
	}
	confusion := make([][][]float64, r.Annotators)
	for a, rows := range m.Confusion {
		confusion[a] = make([][]float64, r.Classes)
		for c, row := range rows {
			confusion[a][c] = logarithms(row)
		}
	}
	for _, x := range r.List {
		rated[x.Item] = true
		for truth := range logs[x.Item] {
			logs[x.Item][truth] += confusion[x.Annotator][truth][x.Class]
		}
	}
	m.LogLikelihood = 0
	for i, row := range logs {
		total := logSumExp(row)
		if rated[i] {
			m.LogLikelihood += total
		}
		for c, v := range row {
			p := math.Exp(v - total)
			change = max(change, math.Abs(p-m.Posterior[i][c]))
			m.Posterior[i][c] = p
		}
	}
	m.Objective = m.LogLikelihood
	if smoothing > 0 {
		m.Objective += smoothing * total(prior)
		for _, rows := range confusion {
			for _, row := range rows {
				m.Objective += smoothing * total(row)
			}
		}
	}
	return change
}

func logarithms(row []float64) []float64 {
	out := make([]float64, len(row))
	for i, v := range row {
		out[i] = math.Log(v)
	}
	return out
}

func total(row []float64) (t float64) {
	for _, v := range row {
		t += v
	}
	return t
}

// logSumExp is the logarithm of a sum of numbers of which the logarithms are known.
func logSumExp(logs []float64) float64 {
	most := math.Inf(-1)
	for _, v := range logs {
		most = max(most, v)
	}
	total := 0.0
	for _, v := range logs {
		total += math.Exp(v - most)
	}
	return most + math.Log(total)
}

// near is how far apart two posteriors may be that rounding alone tells apart.
const near = 1e-9

// Classes are the most likely ones of the items, Undecided where two are as likely.
func (m *Model) Classes() []int {
	out := make([]int, len(m.Posterior))
	for i, row := range m.Posterior {
		best, second := 0, math.Inf(-1)
		for c, p := range row {
			switch {
			case c == 0:
			case p > row[best]:
				best, second = c, row[best]
			default:
				second = max(second, p)
			}
		}
		out[i] = best
		if len(row) == 0 || row[best]-second <= near {
			out[i] = Undecided
		}
	}
	return out
}

// Accuracy is how likely an annotator is to be right of an item whose class is not
// known.
func (m *Model) Accuracy(annotator int) (p float64) {
	for c, prior := range m.Prior {
		p += prior * m.Confusion[annotator][c][c]
	}
	return p
}
