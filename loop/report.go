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
	r, err := newReport(d, e.arms, folder(dir))
	if err == nil {
		err = r.Complete()
	}
	if err != nil {
		return nil, fmt.Errorf("report of %s: %w", dir, err)
	}
	return r, nil
}

// newReport tells what the arms have come to. Of files it reads the labels, the
// pictures of the choices and what people answered.
func newReport(d *rundir.Dir, arms []Arm, f folder) (*report.Report, error) {
	info, method := d.Info(), arms[0]
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
		addCurves(r, arm)
	}
	if line := randomLine(arms); line != nil {
		r.Series = append(r.Series, *line)
		r.Notes = append(r.Notes, "On labels drawn at random no selector is trained between the first labels and all of them: that line has its ends alone.")
	}
	r.Unfinished = unfinished(arms)
	r.Models = modelsOf(arms)
	r.CostRatio = costRatio(arms)
	r.Choosing = choosing(arms)
	var err error
	if r.Selection, err = selectionOf(method.State, f); err != nil {
		return nil, err
	}
	if err := addRounds(r, arms, f); err != nil {
		return nil, err
	}
	if peopleLabel(c) {
		if r.People, err = f.peopleOf(d, method.State, c.Label); err != nil {
			return nil, err
		}
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
	out := []string{report.OneSeed}
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

// selectionOf is what the report shows of the last choice by a network.
func selectionOf(s State, f folder) (*report.Selection, error) {
	for _, c := range slices.Backward(s.Choices) {
		if c.Pictures == (Artefact{}) {
			continue
		}
		thumbs, err := f.readPictures(c.Pictures)
		return &report.Selection{Strategy: c.Strategy, Chosen: c.Samples, Pool: c.Pool, Thumbs: thumbs}, err
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
