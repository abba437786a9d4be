package review

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Sample is a labelled sample with what is known of it.
type Sample struct {
	Label         int
	Probabilities []float32 // of the classes; nil for all samples where they are not known
	Dynamics      *Dynamics // nil where the training saw none of it
}

// Dynamics is what a training saw of a sample.
type Dynamics struct{ AUM, Forgetting float64 }

// Suspect is a sample in the order of a review.
type Suspect struct {
	At int // in the list of samples
	// Suspicion is from 0 to 1: the mean, over what is known of the sample, of the share
	// of samples that look better by it, where equal ones count half.
	Suspicion float64
	// Mislabelled says that confident learning counts the sample to another class, and
	// Class to which: the most likely other class where it does not, -1 where no
	// probabilities are known.
	Mislabelled bool
	Class       int
	// Margin is the probability of the label less the greatest of another class.
	Margin float64
}

// Review is the order in which labels deserve a second look.
type Review struct {
	Suspects  []Suspect  // all samples: the mislabelled ones first, then by Suspicion
	Confident *Confident // nil where no probabilities are known
}

// Rank reviews labels.
func Rank(samples []Sample) (*Review, error) {
	if len(samples) == 0 {
		return nil, errors.New("rank labels: there is none")
	}
	r := &Review{Suspects: make([]Suspect, len(samples))}
	for i := range samples {
		r.Suspects[i] = Suspect{At: i, Class: -1}
	}
	signals, err := r.signals(samples)
	if err != nil {
		return nil, fmt.Errorf("rank labels: %w", err)
	}
	known := make([]int, len(samples))
	for _, signal := range signals {
		for i, share := range betterShares(signal) {
			if !math.IsNaN(share) {
				r.Suspects[i].Suspicion += share
				known[i]++
			}
		}
	}
	for i, n := range known {
		if n > 0 {
			r.Suspects[i].Suspicion /= float64(n)
		}
	}
	slices.SortStableFunc(r.Suspects, func(a, b Suspect) int {
		if a.Mislabelled != b.Mislabelled {
			if a.Mislabelled {
				return -1
			}
			return 1
		}
		return cmp.Compare(b.Suspicion, a.Suspicion)
	})
	return r, nil
}

// signals are what is known of the samples, each higher for a label that looks better,
// NaN where it is not known.
func (r *Review) signals(samples []Sample) (out [][]float64, err error) {
	if samples[0].Probabilities != nil {
		labels, probabilities := make([]int, len(samples)), make([][]float32, len(samples))
		for i, s := range samples {
			labels[i], probabilities[i] = s.Label, s.Probabilities
		}
		if r.Confident, err = LearnConfident(labels, probabilities); err != nil {
			return nil, err
		}
		margins := make([]float64, len(samples))
		for i, s := range samples {
			suspect := &r.Suspects[i]
			other := otherThan(s.Probabilities, s.Label)
			suspect.Class = other
			if at := r.Confident.Classes[i]; at >= 0 && at != s.Label {
				suspect.Mislabelled, suspect.Class = true, at
			}
			if other >= 0 {
				margins[i] = float64(s.Probabilities[s.Label]) - float64(s.Probabilities[other])
			}
			suspect.Margin = margins[i]
		}
		out = append(out, margins)
	}
	aum, forgetting, seen := make([]float64, len(samples)), make([]float64, len(samples)), false
	for i, s := range samples {
		aum[i], forgetting[i] = math.NaN(), math.NaN()
		if d := s.Dynamics; d != nil {
			aum[i], forgetting[i], seen = d.AUM, -d.Forgetting, true
		}
	}
	switch {
	case seen:
		return append(out, aum, forgetting), nil
	case out == nil:
		return nil, errors.New("neither probabilities nor dynamics are known")
	}
	return out, nil
}

// otherThan is the most likely class but one, -1 where there is no other.
func otherThan(p []float32, class int) int {
	best := -1
	for j, v := range p {
		if j != class && (best < 0 || v > p[best]) {
			best = j
		}
	}
	return best
}

// betterShares is, for each value, the share of the others that are greater, where equal
// ones count half; NaN for NaN.
func betterShares(values []float64) []float64 {
	var order []int
	out := make([]float64, len(values))
	for i, v := range values {
		if out[i] = math.NaN(); !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[b], values[a]) })
	for begin := 0; begin < len(order); {
		end := begin
		for end < len(order) && values[order[end]] == values[order[begin]] {
			end++
		}
		share := 0.5
		if others := len(order) - 1; others > 0 {
			share = (float64(begin) + float64(end-begin-1)/2) / float64(others)
		}
		for _, i := range order[begin:end] {
			out[i] = share
		}
		begin = end
	}
	return out
}
