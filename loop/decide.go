package loop

import (
	"context"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/loop/config"
)

// decide looks at the rules by which a run has labels enough, after the selector of a
// round was tested.
type decide struct{ round int }

func (d decide) Name() string { return roundFolder(d.round) + "/decide" }

func (d decide) Run(_ context.Context, env Env, s State) (Event, error) {
	out := &decided{Round: d.round}
	if d.round < len(env.spec.Config.Label.Add) {
		out.Reason = enough(env.spec.Config.Stop, s)
	}
	if out.Reason != "" {
		env.say("no more labels are asked for: %s", out.Reason)
	}
	return Event{Body: out}, nil
}

// enough is the rule by which there are labels enough, "" for none.
func enough(rules config.Stop, s State) string {
	var best []float64 // accuracies of the selectors, in order
	for _, r := range s.Results {
		if r.Role == Picked {
			best = append(best, r.accuracy())
		}
	}
	seconds := 0.0
	for _, c := range s.Costs {
		seconds += c.Seconds
	}
	last := best[len(best)-1]
	switch hours := seconds / 3600; {
	case rules.Labels > 0 && s.Labelled() >= rules.Labels:
		return fmt.Sprintf("stop.labels: there are %s, and %s are enough", count(s.Labelled()), count(rules.Labels))
	case rules.Hours > 0 && hours >= rules.Hours:
		return fmt.Sprintf("stop.hours: the steps took %.2f, of %v", hours, rules.Hours)
	case rules.Accuracy > 0 && last >= float64(rules.Accuracy):
		return fmt.Sprintf("stop.accuracy: the selector is at %.2f %%, and %.2f %% are enough", 100*last, 100*float64(rules.Accuracy))
	case rules.Plateau > 0 && len(best) > rules.Plateau && slices.Max(best[len(best)-rules.Plateau:]) <= slices.Max(best[:len(best)-rules.Plateau]):
		return fmt.Sprintf("stop.plateau: none of the last %d selectors is better than %.2f %%, the best before them", rules.Plateau, 100*slices.Max(best[:len(best)-rules.Plateau]))
	}
	return ""
}

// decided says whether the labels after a round are enough.
type decided struct {
	Round  int    `json:"round"`
	Reason string `json:"reason,omitempty"` // "" where they are not
}

func (*decided) kind() string { return "decided" }

func (d *decided) apply(s *State) {
	if d.Reason != "" {
		s.Stopped = &Stopped{d.Round, d.Reason}
	}
}

// Stopped says that a run has labels enough before the last round.
type Stopped struct {
	Round  int // whose batch is not chosen any more
	Reason string
}

// settleStop makes the round at which the method stopped the last one of all arms.
func (e *Engine) settleStop() {
	stop := e.arms[0].State.Stopped
	if stop == nil {
		return
	}
	for i := range e.arms {
		label := &e.arms[i].Spec.Config.Label
		label.Add = label.Add[:stop.Round:stop.Round]
	}
}
