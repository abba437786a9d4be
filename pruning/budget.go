package pruning

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/internal/term"
)

// Quantity is what a budget is of.
type Quantity string

// The quantities that a prune can be aimed at.
const (
	MACs       Quantity = "macs"    // multiply-accumulates of one sample, as op.Count has them
	Parameters Quantity = "params"  // learnable numbers
	Latency    Quantity = "latency" // measured nanoseconds of a run
)

// Budget is what a pruned model may cost: a share of what the dense one
// costs, or so much. The zero value is no budget.
type Budget struct {
	Of     Quantity
	Share  float64 // above 0 and below 1, or
	Amount int64   // at least 1
}

// ParseBudget reads "50%", a number such as "12.5M" or "100k", or of latency
// a duration such as "3.2ms".
func ParseBudget(of Quantity, text string) (Budget, error) {
	b := Budget{Of: of}
	want := "a percentage or a number such as 12.5M"
	if of == Latency {
		want = "a percentage or a duration such as 3.2ms"
	}
	bad := fmt.Errorf("%q: want %s", text, want)
	if share, ok := strings.CutSuffix(text, "%"); ok {
		v, err := strconv.ParseFloat(strings.TrimSpace(share), 64)
		if err != nil {
			return b, bad
		}
		b.Share = v / 100
		if !(b.Share > 0 && b.Share < 1) {
			return b, fmt.Errorf("%q: want more than 0%% and less than 100%% of the dense model", text)
		}
		return b, nil
	}
	amount := 0.0
	if of == Latency {
		d, err := time.ParseDuration(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			return b, bad
		}
		amount = float64(d)
	} else {
		number, unit := strings.TrimSpace(text), 1.0
		for suffix, factor := range map[string]float64{"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} {
			if rest, ok := strings.CutSuffix(number, suffix); ok {
				number, unit = strings.TrimSpace(rest), factor
				break
			}
		}
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return b, bad
		}
		amount = math.Round(v * unit)
	}
	if !(amount >= 1 && amount < math.MaxInt64) {
		return b, bad
	}
	b.Amount = int64(amount)
	return b, nil
}

// limit is the budget in figures for a dense model that costs so much.
func (b Budget) limit(dense int64) int64 {
	if b.Amount > 0 {
		return b.Amount
	}
	return int64(float64(dense) * b.Share)
}

func (b Budget) check() error {
	switch b.Of {
	case "", MACs, Parameters, Latency:
	default:
		return fmt.Errorf("budget of %q: there are %s, %s and %s", b.Of, MACs, Parameters, Latency)
	}
	if b.Of != "" && b.Amount < 1 && !(b.Share > 0 && b.Share < 1) {
		return fmt.Errorf("budget of %s: want a share above 0 and below 1, or an amount", b.Of)
	}
	return nil
}

// figure writes an amount of the quantity.
func (q Quantity) figure(n int64) string {
	switch q {
	case MACs:
		return term.MACs(n)
	case Latency:
		return fmt.Sprintf("%.3g ms", float64(n)/1e6)
	default:
		return term.Count(n)
	}
}

// Reached is how a prune met its budget.
type Reached struct {
	Of Quantity `json:"of"`
	// Dense, Limit and Got are in units of the quantity; of latency they are
	// medians measured side by side.
	Dense int64 `json:"dense"`
	Limit int64 `json:"limit"`
	Got   int64 `json:"got"`
	// Ratio is the fraction of channels that the search settled on.
	Ratio float64 `json:"ratio"`
	// Tried is how many candidates were counted or measured.
	Tried int `json:"tried"`
}

// String tells the outcome in a line.
func (r *Reached) String() string {
	return fmt.Sprintf("%s: %s of %s, at most %s wanted; ratio %.4g, found in %d tries",
		r.Of, r.Of.figure(r.Got), r.Of.figure(r.Dense), r.Of.figure(r.Limit), r.Ratio, r.Tried)
}
