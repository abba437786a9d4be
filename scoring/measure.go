package scoring

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/internal/suggest"
)

// Order says which end of a measure's scale is to be labelled first: the most
// uncertain, or in a set that has labels the hardest.
type Order int

// The two ends of a scale.
const (
	HighestFirst Order = iota // a larger value is more uncertain
	LowestFirst               // a smaller value is more uncertain
)

// String returns "highest first" or "lowest first".
func (o Order) String() string {
	if o == LowestFirst {
		return "lowest first"
	}
	return "highest first"
}

// Source is what a measure is computed from.
type Source int

// The sources.
const (
	FromOutput   Source = iota // the class probabilities
	FromID                     // the seed and the sample's ID
	FromMembers                // the class probabilities by each member of an Ensemble
	FromTraining               // a training run over labelled samples, which writes it itself
)

// Measure is one number for a sample. Notation: p1 ≥ p2 ≥ … are the sorted
// class probabilities; member t of T gives p_t, and their mean is p.
type Measure struct {
	Name      string
	Summary   string // what a ranking by it takes first, in one line of help
	Formula   string
	Order     Order
	Reference string
	Source    Source
	// Of is the value in the measure's natural definition, whichever way
	// that points; nil for a measure FromTraining.
	Of func(*Row) float64
}

// Uncertainty orients a value of the measure: larger means label first.
func (m Measure) Uncertainty(value float64) float64 {
	if m.Order == LowestFirst {
		return 0 - value // -value would turn a margin of 0 into -0
	}
	return value
}

// CanWeigh reports whether a value can be a weight: a number that a model gives,
// which is nowhere negative once it is turned.
func (m Measure) CanWeigh() bool { return m.Source == FromOutput || m.Source == FromMembers }

// Weight returns a value as a weight, at least 0: larger means more uncertain.
func (m Measure) Weight(value float64) float64 {
	if m.Order == LowestFirst { // of a scale that ends at 1
		value = 1 - value
	}
	return max(0, value)
}

// The measures in the order in which they are listed; each has its file. A
// ranking by each is a strategy.
var measures = []Measure{
	random, leastConfidence, margin, ratio, entropy,
	variationRatio, bald, meanSTD, voteEntropy, consensusKL,
	el2n, grand, forgetting, aum,
}

// Measures returns all measures, in the order of the command's help. The slice
// is the caller's.
func Measures() []Measure { return slices.Clone(measures) }

// MeasureNamed finds a measure; its error names the nearest.
func MeasureNamed(name string) (Measure, error) {
	names := make([]string, len(measures))
	for i, m := range measures {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Measure{}, fmt.Errorf("unknown measure %q; %s", name, suggest.Want(name, names))
}

// measuresFor resolves a list of names for a pass; nil stands for every
// measure of what the model says, which leaves out random.
func measuresFor(names []string, members bool) ([]Measure, error) {
	if names == nil {
		return slices.DeleteFunc(Measures(), func(m Measure) bool {
			return m.Source != FromOutput && (m.Source != FromMembers || !members)
		}), nil
	}
	out := make([]Measure, 0, len(names))
	for _, name := range names {
		m, err := MeasureNamed(name)
		switch {
		case err != nil:
			return nil, err
		case m.Source == FromMembers && !members:
			return nil, fmt.Errorf("measure %q needs several opinions of each sample: passes with Dropout on, or a committee of models", name)
		case m.Source == FromTraining:
			return nil, fmt.Errorf("measure %q comes out of a training run, not of a pass over a pool", name)
		}
		if !slices.ContainsFunc(out, func(o Measure) bool { return o.Name == name }) {
			out = append(out, m)
		}
	}
	return out, nil
}
