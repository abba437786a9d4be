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

var strategies = []Strategy{
	{
		Name: "random", Summary: "a uniform draw: the baseline to beat",
		Reference: "the mandatory baseline", Measure: "random",
	},
	{
		Name: "least-confidence", Summary: "the smallest top probability",
		Reference: "Lewis & Gale 1994", Measure: "least-confidence", Scores: true,
	},
	{
		Name: "margin", Summary: "the smallest gap between the top two classes",
		Reference: "Scheffer et al. 2001; Luo et al. 2005", Measure: "margin", Scores: true,
	},
	{
		Name: "ratio", Summary: "the second probability nearest to the first",
		Reference: "Settles 2009", Measure: "ratio", Scores: true,
	},
	{
		Name: "entropy", Summary: "the largest entropy of the prediction",
		Reference: "Shannon 1948; Settles 2009", Measure: "entropy", Scores: true,
	},
	{
		Name: "k-center", Summary: "greedily the farthest from all that is labelled or chosen",
		Reference: "Sener & Savarese 2018 (arXiv 1708.00489)", Features: true,
	},
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
