package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/prunefuse/prunefuse/internal/term"
)

// verdict says in a few sentences what the numbers show, and no more than
// they show.
func (r *Report) verdict() string {
	var s []string
	if a := r.accuracy(RoleFineTuned); a != nil {
		s = append(s, r.resultSentence(*a))
	} else if sentence := r.seriesSentence(); sentence != "" {
		s = append(s, sentence)
	}
	if c := r.CostRatio; c != nil && c.SecondsRatio > 0 {
		format := "Selecting with the pruned network took %s the time of selecting with the dense one, for %s of the MACs."
		if c.Estimated {
			format = "Selecting with the pruned network took %s the time that the dense one would take by an estimate from its time a sample, for %s of the MACs."
		}
		s = append(s, fmt.Sprintf(format, term.Ratio(c.SecondsRatio), term.Ratio(c.MACsRatio)))
	}
	if len(s) == 0 && len(r.Models) > 1 {
		last := r.Models[len(r.Models)-1]
		s = append(s, fmt.Sprintf("The %s network has %s of the parameters and %s of the MACs of the %s network.",
			last.Role, term.Ratio(last.ParamsRatio), term.Ratio(last.MACsRatio), r.Models[0].Role))
	}
	if r.Unfinished != "" {
		s = append([]string{"The run is not finished: " + r.Unfinished + "."}, s...)
	}
	return strings.Join(s, " ")
}

func (r *Report) resultSentence(a Accuracy) string {
	s := fmt.Sprintf("With %s labels the fused, fine-tuned network gets %s of %s held-out images right (%.0f %% interval %.1f to %s)",
		term.Count(int64(a.Labels)), term.Percent(a.Value), term.Count(int64(a.Total)), 100*confidence, 100*a.Low, term.Percent(a.High))
	if random := r.accuracy(RoleRandom); random != nil && random.Lead != nil {
		s += fmt.Sprintf(", %s than with randomly selected labels", points(random.Lead.Value))
		if random.Lead.unsettled() {
			s += ": a difference too small for this many test images to settle"
		}
	}
	s += "."
	if dense := r.accuracy(RoleDenseScratch); dense != nil && dense.Lead != nil {
		s += fmt.Sprintf(" The dense network trained from scratch on the same labels gets %s", term.Percent(dense.Value))
		if dense.Lead.unsettled() {
			s += ", which these images cannot tell from it"
		}
		s += "."
	}
	return s
}

// unsettled reports whether zero is within the interval.
func (d *Difference) unsettled() bool { return d.Low <= 0 && d.High >= 0 }

func (r *Report) seriesSentence() string {
	if s := r.seedsSentence(); s != "" {
		return s
	}
	if len(r.Series) == 0 || len(r.Series[0].Points) == 0 {
		return ""
	}
	first := r.Series[0]
	p := first.Points[len(first.Points)-1]
	s := fmt.Sprintf("With %s labels, %s reaches %s (%s)",
		term.Count(int64(p.Labels)), first.Name, withSpread(p), seeds(first.Seeds))
	for _, other := range r.Series[1:] {
		for _, q := range other.Points {
			if q.Labels == p.Labels {
				return s + fmt.Sprintf(", %s %s.", other.Name, withSpread(q))
			}
		}
	}
	return s + "."
}

// seedsSentence tells of the result over several seeds, "" where there is none.
func (r *Report) seedsSentence() string {
	last := func(role Role) *Point {
		for _, s := range r.Series {
			if n := len(s.Points); s.Role == role && n > 0 {
				return &s.Points[n-1]
			}
		}
		return nil
	}
	p := last(RoleFineTuned)
	if p == nil {
		return ""
	}
	s := fmt.Sprintf("With %s labels the fused, fine-tuned network gets %s of the held-out images right (%s)",
		term.Count(int64(p.Labels)), withSpread(*p), seeds(p.Seeds))
	if q := last(RoleRandom); q != nil && q.Labels == p.Labels {
		s += fmt.Sprintf(", with randomly selected labels %s", withSpread(*q))
	}
	if q := last(RoleDenseScratch); q != nil && q.Labels == p.Labels {
		s += fmt.Sprintf("; the dense network trained from scratch on the same labels %s", withSpread(*q))
	}
	return s + "."
}

func withSpread(p Point) string {
	if p.Std == nil {
		return term.Percent(p.Accuracy)
	}
	return fmt.Sprintf("%.1f ± %.1f %%", 100*p.Accuracy, 100**p.Std)
}

// points puts a difference of accuracies into words.
func points(d float64) string {
	more := "more"
	if d < 0 {
		more = "fewer"
	}
	return fmt.Sprintf("%.1f points %s", math.Abs(100*d), more)
}

func seeds(n int) string {
	if n == 1 {
		return "one seed"
	}
	return fmt.Sprintf("%d seeds", n)
}
