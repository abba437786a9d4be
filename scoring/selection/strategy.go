package selection

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/scoring"
)

// Strategy is a way to choose the batch to label.
type Strategy struct {
	Name      string
	Summary   string // which samples it takes, in one line of help
	Reference string
	// Measure is the score it ranks or weighs by, "" for a strategy that does
	// neither.
	Measure string
	// AnyMeasure says that Choice.Measure may put another in its place.
	AnyMeasure bool
	// Scores says that the records must hold Measure. A strategy that ranks
	// by the ID alone computes it from the seed of the selection.
	Scores bool
	Params []Param
	Needs
	// Memory is what it holds for each sample of the pool, besides the
	// records and the rows that it Needs; Time how its work grows with the pool n, the
	// batch k, the labelled set L, the length d of the features and the
	// classes c.
	Memory, Time string

	// perturb turns the weight of a sample and an exponential draw into the
	// score that a streaming strategy ranks by. Nil ranks by the measure.
	perturb func(weight, temperature, e float64) float64
	// pick is that of a strategy which looks at the pool as a whole.
	pick func(ctx context.Context, t *task) ([]Picked, error)
}

// Needs is what a strategy asks for besides the records.
type Needs struct {
	Features      bool // the input of the last layer, a row a sample
	Probabilities bool // the class probabilities, a row a sample
	Labelled      Use  // the same of the samples that have a label
	Labels        bool // the label of every sample: the set is a labelled one
}

// Use says whether a strategy looks at the labelled set.
type Use int

// The uses.
const (
	Unused   Use = iota
	Welcome      // it chooses unlike the labelled set
	Required     // it cannot do without
)

// WholePool reports whether the strategy cannot choose before it has seen the whole
// pool: shards are merged first, and it holds every record.
func (s Strategy) WholePool() bool { return s.pick != nil }

// ByName reports whether the strategy goes by the seed and the names of samples alone, so
// that no model needs to run: Names are records enough.
func (s Strategy) ByName() bool { return s.Name != "" && s.pick == nil && !s.Scores }

// Param is a number that changes what a strategy does.
type Param struct {
	Name     string
	Default  float64
	Min, Max float64
	Summary  string
}

// strategies are a ranking by each measure, and those that look further.
var strategies = append(rankings(), classBalanced, power, softmax, softRank,
	kCenter, kMeansBatch, weightedKMeans, clue, typiClust, probCover, cdal, badge, falcun, cal, density, ccs, moderate)

func rankings() (out []Strategy) {
	for _, m := range scoring.Measures() {
		out = append(out, Strategy{
			Name: m.Name, Summary: m.Summary, Reference: m.Reference,
			Measure: m.Name, Scores: m.Source != scoring.FromID, Memory: "none: it streams", Time: "n",
		})
	}
	return out
}

// Strategies returns all strategies, in the order of the command's help. The
// slice is the caller's.
func Strategies() []Strategy { return slices.Clone(strategies) }

// StrategyNamed finds a strategy; its error names the nearest.
func StrategyNamed(name string) (Strategy, error) {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return Strategy{}, fmt.Errorf("unknown strategy %q; %s", name, suggest.Want(name, names))
}

// Choice says which samples to choose.
type Choice struct {
	Strategy string
	K        int
	Seed     uint64
	// Measure is the one that a strategy weighs or ranks by, "" for its own. A
	// strategy without AnyMeasure takes no other.
	Measure string
	// Params are numbers of the strategy by name, its defaults where they are
	// missing.
	Params map[string]float64
	// Labelled is the labelled set, for a strategy that looks at it. Its
	// records may be left out.
	Labelled Candidates
	Workers  int // goroutines; 0 is one a core
	// Progress is told how many are chosen.
	Progress func(done, total int)
}

// Check returns the strategy, with the measure that it goes by, and refuses what
// does not fit it: an unknown name, a number out of range.
func (c *Choice) Check() (Strategy, error) {
	s, err := StrategyNamed(c.Strategy)
	if err != nil {
		return s, err
	}
	switch {
	case c.K < 1:
		return s, fmt.Errorf("select %d samples: the number must be at least 1", c.K)
	case c.Measure != "" && !s.AnyMeasure:
		return s, fmt.Errorf("strategy %q does not go by a measure of choice", s.Name)
	case c.Measure != "":
		m, err := scoring.MeasureNamed(c.Measure)
		if err != nil {
			return s, err
		}
		if !m.CanWeigh() && !s.Labels {
			return s, fmt.Errorf("strategy %q cannot weigh by %q: it needs what a model says of a sample", s.Name, m.Name)
		}
		s.Measure = m.Name
	}
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		i := slices.IndexFunc(s.Params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return s, fmt.Errorf("strategy %q has no parameter %q%s", s.Name, name, paramNames(s))
		}
		if p, v := s.Params[i], c.Params[name]; !(v >= p.Min && v <= p.Max) {
			return s, fmt.Errorf("parameter %s of strategy %q is %g, want %g to %g", name, s.Name, v, p.Min, p.Max)
		}
	}
	return s, nil
}

func paramNames(s Strategy) string {
	if len(s.Params) == 0 {
		return ": it has none"
	}
	var names []string
	for _, p := range s.Params {
		names = append(names, p.Name)
	}
	return ", only " + strings.Join(names, ", ")
}

// param returns the value of a parameter that the strategy has.
func (c *Choice) param(s Strategy, name string) float64 {
	if v, ok := c.Params[name]; ok {
		return v
	}
	for _, p := range s.Params {
		if p.Name == name {
			return p.Default
		}
	}
	panic("BUG: strategy " + s.Name + " has no parameter " + name)
}
