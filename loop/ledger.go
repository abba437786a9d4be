package loop

import (
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop/config"
)

// addCosts enters what the steps of an arm cost.
func addCosts(r *report.Report, arm Arm) {
	for _, c := range arm.State.Costs {
		name := ""
		if arm.Spec.Shares != Nothing {
			name = arm.Name
		}
		r.Spend(report.Cost{
			Module: c.Module, Network: c.Network, Arm: name, Seconds: c.Seconds, Waited: c.Waited,
			MACs: c.MACs, Samples: c.Samples, Comparison: arm.Spec.Shares != Nothing,
		})
		r.Steps = append(r.Steps, report.StepCost{
			Arm: arm.Name, Step: c.Step, Seconds: c.Seconds, MACs: c.MACs, Choosing: c.Choosing,
		})
	}
}

// choosing sets side by side what it cost each arm to choose. What the method is
// compared with has a line once its arm is finished.
func choosing(arms []Arm) (out []report.Choosing) {
	for i, arm := range arms {
		line := ofChoosing(arm)
		if arm.Spec.Shares == AllLabels || i > 0 && !finished(arm) || line.Seconds == 0 {
			continue
		}
		if arm.Spec.Picker == Selector {
			kept := 1 - float64(arm.Spec.Config.Prune.Ratio)
			line.Analytic = kept * kept
		}
		out = append(out, line)
	}
	return out
}

// costRatio sets the choices of the method against the same ones made with the
// dense network: measured where the arm dense made them, else estimated from
// what the dense network took to train once and to pass over the pool once.
func costRatio(arms []Arm) *report.CostRatio {
	method := ofChoosing(arms[0])
	for _, arm := range arms {
		if arm.Name == config.ArmDense && finished(arm) {
			dense := ofChoosing(arm)
			return &report.CostRatio{
				SelectorSeconds: method.Seconds, SelectorMACs: method.MACs, DenseSeconds: dense.Seconds, DenseMACs: dense.MACs,
				Basis: "Wall clock, both measured: the dense network chose in an arm of its own.",
			}
		}
	}
	for _, arm := range arms {
		if arm.Spec.Prices && finished(arm) {
			return estimated(arms[0], arm, method)
		}
	}
	return nil
}

func finished(arm Arm) bool {
	_, more := Next(arm.Spec, arm.State)
	return !more
}

// ofChoosing adds up all that an arm did to choose.
func ofChoosing(arm Arm) report.Choosing {
	sum := report.Choosing{Arm: arm.Name}
	for _, c := range arm.State.Costs {
		if c.Choosing {
			sum.Seconds += c.Seconds
			sum.MACs += c.MACs
		}
	}
	return sum
}

// estimated takes the dense network's time for a sample, measured in the arm
// that prices it, times the samples that the selectors trained on and scored.
func estimated(method, priced Arm, selector report.Choosing) *report.CostRatio {
	out := &report.CostRatio{
		SelectorSeconds: selector.Seconds, SelectorMACs: selector.MACs,
		Basis:     "Wall clock. The dense network's is an estimate: its measured time per training image and per scored image, times the images that the selector trained on and scored.",
		Estimated: true,
	}
	dense := map[string]Cost{}
	for _, c := range priced.State.Costs {
		dense[c.Module] = c
	}
	for _, c := range method.State.Costs {
		d, known := dense[c.Module]
		if !c.Choosing || !known || d.Samples == 0 || c.Module != "train" && c.Module != "score" {
			continue
		}
		share := float64(c.Samples) / float64(d.Samples)
		out.DenseSeconds += d.Seconds * share
		out.DenseMACs += int64(float64(d.MACs) * share)
	}
	return out
}
