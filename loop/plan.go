package loop

import (
	"context"

	"github.com/prunefuse/prunefuse/loop/config"
)

// Step is one piece of work of an arm.
type Step interface {
	// Name tells the step from all others of its arm, such as
	// "round-002/train".
	Name() string
	// Run does the work and returns what came of it. It changes nothing but
	// files, and may be run again after it was interrupted.
	Run(ctx context.Context, env Env, s State) (Event, error)
}

// Next returns the step that comes now, and false where none is left.
func Next(spec Spec, s State) (Step, bool) {
	if plan := spec.Plan(); s.Done < len(plan) {
		return plan[s.Done], true
	}
	return nil, false
}

// Plan lists the steps of an arm in order.
func (s Spec) Plan() []Step {
	steps := s.begin()
	if s.Shares != AllLabels {
		for k := range s.Config.Label.Add {
			steps = append(steps, s.round(k)...)
		}
	}
	return append(steps, s.finish()...)
}

// begin leads to the first labels and the untrained networks.
func (s Spec) begin() []Step {
	var steps []Step
	if s.Shares == Nothing {
		steps = append(steps, build{})
		if s.Config.Label.ByFeatures() {
			steps = append(steps, score{first}, choose{first})
		} else {
			steps = append(steps, drawFirst{})
		}
		steps = append(steps, label{first})
	} else {
		steps = append(steps, share{})
	}
	if s.Picker == Proxy {
		steps = append(steps, buildProxy{})
	}
	if s.Fuses {
		steps = append(steps, prune{0})
	}
	return steps
}

// round chooses and labels the batch of round k.
func (s Spec) round(k int) []Step {
	if s.Picker == Nobody {
		return []Step{chance{k}, label{k}}
	}
	steps := append(s.picker(k), score{k}, choose{k}, label{k})
	if s.syncs(k) {
		steps = append(steps, fuse{k}, trainParent{k}, prune{k + 1})
	}
	return steps
}

// picker trains and tests the network that chooses in round k. The method decides then
// whether it goes on, where there are rules for that.
func (s Spec) picker(k int) []Step {
	steps := []Step{trainSelector{k}, evaluate{k, Picked}}
	if s.Shares == Nothing && s.Config.Stop != (config.Stop{}) {
		steps = append(steps, decide{k})
	}
	if every := s.Config.Label.Sync; s.judges() && every > 0 && k >= every {
		steps = append(steps, judge{round: k})
	}
	return steps
}

// judges reports whether the selector is compared with the full network.
func (s Spec) judges() bool { return s.Config.Probe > 0 && s.Shares == Nothing && s.Fuses }

// finish trains the full network on all labels.
func (s Spec) finish() []Step {
	var steps []Step
	last := len(s.Config.Label.Add)
	if s.Fuses {
		steps = append(s.picker(last), fuse{last}, evaluate{last, Fused})
	}
	steps = append(steps, trainFinal{}, evaluate{last, Final})
	if s.judges() {
		steps = append(steps, judge{last, true})
	}
	if s.Exports {
		steps = append(steps, exportFinal{})
	}
	if s.Prices {
		steps = append(steps, price{})
	}
	return steps
}
