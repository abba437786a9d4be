package scoring

import (
	"fmt"
	"slices"
	"strings"
)

// Strategy is a way to choose the batch to label.
type Strategy struct {
	Name      string
	Summary   string // what it takes, in one line of help
	Reference string
	// Measure is the score it ranks by, "" for a strategy that does not rank
	// by one.
	Measure string
	// Scores says that a score file must hold Measure. A strategy that ranks
	// by the ID alone computes it from the seed of the selection.
	Scores bool
	// Features says that it needs the input of the last layer for the whole
	// pool, and takes that of the labelled set too where there is one.
	Features bool
}

// strategies are a ranking by each measure, and what looks at the pool as a
// whole.
var strategies = append(rankings(), Strategy{
	Name: "k-center", Summary: "greedily the farthest from all that is labelled or chosen",
	Reference: "Sener & Savarese 2018 (arXiv 1708.00489)", Features: true,
})

func rankings() (out []Strategy) {
	for _, m := range measures {
		out = append(out, Strategy{
			Name: m.Name, Summary: m.Summary, Reference: m.Reference,
			Measure: m.Name, Scores: m.Source != FromID,
		})
	}
	return out
}

// Strategies are all strategies, in the order of the command's help. The
// slice is the caller's.
func Strategies() []Strategy { return slices.Clone(strategies) }

// StrategyNamed finds a strategy; its error lists the names there are.
func StrategyNamed(name string) (Strategy, error) {
	names := make([]string, len(strategies))
	for i, s := range strategies {
		if s.Name == name {
			return s, nil
		}
		names[i] = s.Name
	}
	return Strategy{}, fmt.Errorf("unknown strategy %q; use one of %s", name, strings.Join(names, ", "))
}
