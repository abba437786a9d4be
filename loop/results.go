package loop

import (
	"slices"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop/config"
)

// places are what the results of an arm are called.
var places = map[string]map[Role]report.Accuracy{
	config.ArmPruneFuse: {
		Picked: {Role: report.RoleSelector, Name: "Selector"},
		Fused:  {Role: report.RoleFused, Name: "Fused, before fine-tuning"},
		Final:  {Role: report.RoleFineTuned, Name: "Fused and fine-tuned"},
	},
	config.ArmScratch: {Final: {Role: report.RoleDenseScratch, Name: "Dense, from scratch"}},
	config.ArmDense:   {Final: {Role: report.RoleDense, Name: "Dense, labels of its own choice"}},
	config.ArmProxy:   {Final: {Role: report.RoleProxy, Name: "Dense, labels of the proxy's choice"}},
	config.ArmRandom:  {Final: {Role: report.RoleRandom, Name: "Fused and fine-tuned, random labels"}},
}

// pickers are what the networks that choose are called in the chart.
var pickers = map[Picker]string{Selector: "Selector", Dense: "Dense network", Proxy: "Proxy"}

// addResults adds how well the networks of an arm do: of those that choose,
// each in the chart and the last in the table.
func addResults(r *report.Report, arm Arm) {
	line := report.Series{Name: pickers[arm.Spec.Picker] + ", " + arm.Spec.Config.Label.Strategy}
	last := map[Role]Result{}
	for _, result := range arm.State.Results {
		last[result.Role] = result
		if result.Role == Picked {
			line.Points = append(line.Points, report.Point{Labels: result.Labels, Accuracy: result.accuracy()})
		}
	}
	if arm.Spec.Picker != Nobody && len(line.Points) > 0 {
		r.Series = append(r.Series, line)
	}
	for _, role := range []Role{Picked, Fused, Final} {
		a, shown := places[arm.Name][role]
		if result, tested := last[role]; shown && tested {
			a.Labels, a.Correct, a.Total = result.Labels, result.Correct, result.Total
			r.Accuracies = append(r.Accuracies, a)
		}
	}
}

func (r Result) accuracy() float64 { return float64(r.Correct) / float64(r.Total) }

// modelsOf lists the networks of the run, the dense one first. That for deployment was
// verified to compute what the trained one does, so it has its accuracy.
func modelsOf(arms []Arm) []report.Model {
	var out []report.Model
	add := func(n Network, tested *Result, equals string) {
		if n == (Network{}) {
			return
		}
		m := report.Model{Role: n.Role, File: n.File.Path, Params: n.Params, MACs: n.MACs, Bytes: n.File.Bytes, SHA256: n.File.SHA256}
		if tested != nil {
			v := tested.accuracy()
			m.Accuracy, m.Equals = &v, equals
		}
		out = append(out, m)
	}
	s := arms[0].State
	add(s.Dense, nil, "")
	add(s.Selector, lastResult(s, Picked), "")
	add(s.Trained, lastResult(s, Final), "")
	add(s.Deploy, lastResult(s, Final), s.Trained.Role)
	for _, arm := range arms[1:] {
		if arm.Spec.Picker == Proxy {
			add(arm.State.Selector, lastResult(arm.State, Picked), "")
		}
	}
	return out
}

// addCurves adds how the networks of an arm were trained. The full networks of all arms
// are drawn together.
func addCurves(r *report.Report, arm Arm) {
	for _, c := range arm.State.Curves {
		switch {
		case c.Kind == kinds[Picked] && arm.Spec.Picker == Nobody:
			c.Kind, c.Arm = "selector that is fused", arm.Name
		case c.Kind != kinds[Final]:
			c.Arm = arm.Name
		}
		r.Curves = append(r.Curves, c)
	}
}

// randomLine is the curve of labels drawn at random, by its ends: the selector of the
// first labels, where that of the method is the same, and the one of all labels.
func randomLine(arms []Arm) *report.Series {
	method := arms[0]
	for _, arm := range arms {
		last := lastResult(arm.State, Picked)
		if arm.Spec.Picker != Nobody || !arm.Spec.Fuses || last == nil || len(method.State.Results) == 0 {
			continue
		}
		line := report.Series{Name: pickers[method.Spec.Picker] + ", random labels"}
		if first := method.State.Results[0]; first.Role == Picked && first.Labels < last.Labels && method.Spec.Config.Label.Sync == 0 &&
			method.State.Untrained.File.SHA256 == arm.State.Untrained.File.SHA256 {
			line.Points = append(line.Points, report.Point{Labels: first.Labels, Accuracy: first.accuracy()})
		}
		line.Points = append(line.Points, report.Point{Labels: last.Labels, Accuracy: last.accuracy()})
		return &line
	}
	return nil
}

// lastResult is the last one of a role, nil where there is none.
func lastResult(s State, role Role) *Result {
	for _, r := range slices.Backward(s.Results) {
		if r.Role == role {
			return &r
		}
	}
	return nil
}
