package loop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/loop/config"
)

// ReadReports makes one report of the runs in several folders, which differ in
// their seed alone; of one folder it is that of ReadReport.
func ReadReports(dirs ...string) (*report.Report, error) {
	reports := make([]*report.Report, len(dirs))
	for i, dir := range dirs {
		var err error
		if reports[i], err = ReadReport(dir); err != nil {
			return nil, err
		}
	}
	if len(reports) == 1 {
		return reports[0], nil
	}
	return report.Join(reports, dirs)
}

// ReadReport makes the report of the run in a folder from its log, finished or
// not.
func ReadReport(dir string) (*report.Report, error) {
	d, err := rundir.View(dir)
	if err != nil {
		return nil, err
	}
	var c config.Config
	if err := d.ReadConfig(&c); err != nil {
		return nil, err
	}
	e := &Engine{dir: d, arms: Specs(c)}
	if err := e.fold(); err != nil {
		return nil, err
	}
	r, err := newReport(d.Info(), e.arms, folder(dir))
	if err == nil {
		err = r.Complete()
	}
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", dir, err)
	}
	return r, nil
}

// newReport tells what the arms have come to. Of files it reads only the
// pictures of the last choice.
func newReport(info rundir.Info, arms []Arm, f folder) (*report.Report, error) {
	method := arms[0]
	c := method.Spec.Config
	r := &report.Report{
		Title: c.Title, Command: join(info.Command), Version: info.Versions["prunefuse"], Seed: info.Seed,
		TestSet: c.Test, Layers: method.State.Layers, Notes: notes(c, arms), Versions: versions(info),
	}
	if results := method.State.Results; len(results) > 0 {
		r.TestSet = fmt.Sprintf("%s, %s held-out images", c.Test, count(results[0].Total))
	}
	for _, arm := range arms {
		addResults(r, arm)
		addCosts(r, arm)
		r.Curves = append(r.Curves, arm.State.Curves...)
	}
	r.Unfinished = unfinished(arms)
	r.Models = modelsOf(arms)
	r.CostRatio = costRatio(arms)
	r.Choosing = choosing(arms)
	var err error
	if r.Selection, err = selectionOf(method.State, f); err != nil {
		return nil, err
	}
	r.Config, err = settings(info)
	return r, err
}

// unfinished says how far the arms are, "" where no step is left.
func unfinished(arms []Arm) string {
	done, all, next := 0, 0, ""
	for _, arm := range arms {
		done += arm.State.Done
		all += len(arm.Spec.Plan())
		if step, more := Next(arm.Spec, arm.State); more && next == "" {
			next = fmt.Sprintf("%s of the arm %s", step.Name(), arm.Name)
		}
	}
	if next == "" {
		return ""
	}
	return fmt.Sprintf("%d of %d steps are done, and the next is %s", done, all, next)
}

func notes(c config.Config, arms []Arm) []string {
	out := []string{"One seed: the intervals cover the choice of test images, not the variation between training runs."}
	if c.Label.Sync > 0 && slices.Contains(c.Arms, config.ArmRandom) {
		out = append(out, "The comparison on random labels keeps one selector; it does not synchronise.")
	}
	if c.Model.File != "" {
		out = append(out, startNote(c))
	}
	if stop := arms[0].State.Stopped; stop != nil {
		out = append(out, fmt.Sprintf("No more labels were asked for after round %d: %s.", stop.Round, stop.Reason))
	}
	if j := arms[0].State.Judgements; len(j) > 0 && j[len(j)-1].Probe > 0 {
		out = append(out, j[len(j)-1].Text())
	}
	if f := forecastOf(arms[0]); f != nil {
		out = append(out, "By the power law of its errors so far, with "+f.Text()+".")
	}
	skipped := 0
	for _, arm := range arms {
		for _, choice := range arm.State.Choices {
			skipped = max(skipped, choice.Skipped)
		}
	}
	if skipped > 0 {
		out = append(out, fmt.Sprintf("%s samples of the pool have no score, as they cannot be read, and are never chosen.", count(skipped)))
	}
	return out
}

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

// modelsOf lists the networks of the run, the dense one first.
func modelsOf(arms []Arm) []report.Model {
	s := arms[0].State
	networks := []Network{s.Dense, s.Selector, s.Trained, s.Deploy}
	for _, arm := range arms[1:] {
		if arm.Spec.Picker == Proxy {
			networks = append(networks, arm.State.Selector)
		}
	}
	tested := map[string]Role{"selector": Picked, "fused": Final}
	var out []report.Model
	for _, n := range networks {
		if n == (Network{}) {
			continue
		}
		m := report.Model{Role: n.Role, File: n.File.Path, Params: n.Params, MACs: n.MACs, Bytes: n.File.Bytes, SHA256: n.File.SHA256}
		for _, result := range s.Results {
			if result.Role == tested[n.Role] {
				v := result.accuracy()
				m.Accuracy = &v
			}
		}
		out = append(out, m)
	}
	return out
}

// selectionOf is what the report shows of the last choice by a network.
func selectionOf(s State, f folder) (*report.Selection, error) {
	for _, c := range slices.Backward(s.Choices) {
		if c.Pictures == (Artefact{}) {
			continue
		}
		in, err := f.open(c.Pictures)
		if err != nil {
			return nil, err
		}
		defer in.Close()
		out := &report.Selection{Strategy: c.Strategy, Chosen: c.Samples, Pool: c.Pool}
		if err := json.NewDecoder(in).Decode(&out.Thumbs); err != nil {
			return nil, fmt.Errorf("read %s: %w", in.Name(), err)
		}
		return out, nil
	}
	return nil, nil
}

// settings lists the configuration that the report does not have elsewhere.
func settings(info rundir.Info) ([]report.Setting, error) {
	text, err := json.Marshal(info.Config)
	if err != nil {
		return nil, err
	}
	var c config.Config
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, err
	}
	if text, err = json.Marshal(c); err != nil {
		return nil, err
	}
	all, err := flatten("", text)
	return slices.DeleteFunc(all, func(s report.Setting) bool { return s.Key == "title" || s.Key == "seed" }), err
}

func versions(info rundir.Info) (out []report.Setting) {
	for _, key := range []string{"onnxruntime", "provider", "threads", "platform", "go"} {
		if v, known := info.Versions[key]; known {
			out = append(out, report.Setting{Key: key, Value: v})
		}
	}
	return out
}

// flatten lists the leaves of a JSON object in its order, by dotted names. An
// array is a leaf.
func flatten(prefix string, object []byte) ([]report.Setting, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var out []report.Setting
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		name, text := fmt.Sprint(prefix, key), string(value)
		switch value[0] {
		case '{':
			inner, err := flatten(name+".", value)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
			continue
		case '"':
			if err := json.Unmarshal(value, &text); err != nil {
				return nil, err
			}
		}
		out = append(out, report.Setting{Key: name, Value: text})
	}
	return out, nil
}

// join writes a command line as one would type it.
func join(args []string) string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = a
		if a == "" || strings.ContainsAny(a, " \t\n'\"$\\*?[]{}()&|;<>#~`!") {
			out[i] = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
	}
	return strings.Join(out, " ")
}
