package scoring

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Order says which end of a measure's scale is the most uncertain.
type Order int

// The two ends of a scale.
const (
	HighestFirst Order = iota // a larger value is more uncertain
	LowestFirst               // a smaller value is more uncertain
)

// String is "highest first" or "lowest first".
func (o Order) String() string {
	if o == LowestFirst {
		return "lowest first"
	}
	return "highest first"
}

// Measure is one number computed from the class probabilities of one sample.
// Notation: p1 ≥ p2 ≥ … are the sorted probabilities.
type Measure struct {
	Name      string
	Formula   string
	Order     Order
	Reference string
	// Of is the value in the measure's natural definition, whichever way
	// that points.
	Of func(*Row) float64
}

// Uncertainty orients a value of the measure: larger means label first.
func (m Measure) Uncertainty(value float64) float64 {
	if m.Order == LowestFirst {
		return 0 - value // -value would turn a margin of 0 into -0
	}
	return value
}

// The measures in the order in which they are listed. To add one, add it
// here; a strategy that ranks by it is a line in strategies.
var measures = []Measure{
	{
		Name: "least-confidence", Formula: "1 − p1", Order: HighestFirst,
		Reference: "Lewis & Gale 1994",
		Of:        func(r *Row) float64 { return r.Rest },
	},
	{
		Name: "margin", Formula: "p1 − p2", Order: LowestFirst,
		Reference: "Scheffer et al. 2001; Luo et al. 2005",
		Of:        func(r *Row) float64 { return r.P[r.First] - r.P[r.Second] },
	},
	{
		Name: "ratio", Formula: "p2 / p1", Order: HighestFirst,
		Reference: "Settles 2009",
		Of:        func(r *Row) float64 { return r.P[r.Second] / r.P[r.First] },
	},
	{
		Name: "entropy", Formula: "−Σ p·ln p, in nats, 0·ln 0 = 0", Order: HighestFirst,
		Reference: "Shannon 1948; Settles 2009",
		Of:        entropy,
	},
	{
		Name: "random", Formula: "uniform in [0, 1) from the seed and the sample's ID", Order: HighestFirst,
		Reference: "the mandatory baseline",
		Of:        func(r *Row) float64 { return r.Draw },
	},
}

// entropy takes the largest term as −p1·ln(1 − rest), which keeps its digits
// for a confident prediction.
func entropy(r *Row) float64 {
	h := -r.P[r.First] * math.Log1p(-r.Rest)
	for k, p := range r.P {
		if k != r.First && p > 0 {
			h -= p * math.Log(p)
		}
	}
	return h
}

// Measures are all measures, in the order of the command's help. The slice
// is the caller's.
func Measures() []Measure { return slices.Clone(measures) }

// MeasureNamed finds a measure; its error lists the names there are.
func MeasureNamed(name string) (Measure, error) {
	names := make([]string, len(measures))
	for i, m := range measures {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Measure{}, fmt.Errorf("unknown measure %q; use one of %s", name, strings.Join(names, ", "))
}

// measuresNamed resolves a list of names; nil stands for every measure of the
// model's output, which leaves out random.
func measuresNamed(names []string) ([]Measure, error) {
	if names == nil {
		return slices.DeleteFunc(Measures(), func(m Measure) bool { return m.Name == "random" }), nil
	}
	out := make([]Measure, 0, len(names))
	for _, name := range names {
		m, err := MeasureNamed(name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o Measure) bool { return o.Name == name }) {
			out = append(out, m)
		}
	}
	return out, nil
}
