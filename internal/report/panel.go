package report

import (
	"fmt"
	"math"
	"slices"
)

// panel is charts of the same lines, with one legend.
type panel struct {
	Title, Note string
	Legend      []key
	Charts      []*chart
}

// key says how a line is drawn.
type key struct{ Name, Class, Sign string }

func legend(tracks []track) []key {
	out := make([]key, len(tracks))
	for i, t := range tracks {
		out[i] = key{t.name, lineClass(i), sign(i)}
	}
	return out
}

// seriesPanel draws accuracy by labels; nil where there is a single labelled count.
func seriesPanel(series []Series) *panel {
	var tracks []track
	var labels []float64
	for _, s := range series {
		t := track{name: s.Name}
		for _, p := range s.Points {
			t.x = append(t.x, float64(p.Labels))
			t.y = append(t.y, p.Accuracy)
			if p.Low == nil {
				t.low, t.high = append(t.low, p.Accuracy), append(t.high, p.Accuracy)
			} else {
				t.low, t.high = append(t.low, *p.Low), append(t.high, *p.High)
			}
		}
		if slices.Equal(t.low, t.high) {
			t.low, t.high = nil, nil
		}
		labels = append(labels, t.x...)
		tracks = append(tracks, t)
	}
	slices.Sort(labels)
	if len(slices.Compact(labels)) < 2 {
		return nil
	}
	c := newChart(tracks, scale{percentTick, math.Inf(-1), 1})
	if c == nil {
		return nil
	}
	c.ID, c.Title, c.XLabel = "by-labels", "Accuracy by labelled images", "labelled images"
	c.Desc = "A line for each method. The table beside it has the same numbers."
	return &panel{Legend: legend(tracks), Charts: []*chart{c}}
}

// maxLines is how many trainings a panel draws: more could not be told apart.
const maxLines = 6

// trainingPanels draw the trainings, those of one arm and kind together, in the order
// in which they come.
func trainingPanels(curves []Curve) []*panel {
	var groups [][]Curve
	for _, c := range curves {
		k := slices.IndexFunc(groups, func(g []Curve) bool { return g[0].Arm == c.Arm && g[0].Kind == c.Kind })
		if k < 0 {
			k = len(groups)
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], c)
	}
	var out []*panel
	for _, g := range groups {
		if p := trainingPanel(g, fmt.Sprint(len(out)+1)); p != nil {
			out = append(out, p)
		}
	}
	return out
}

func trainingPanel(curves []Curve, suffix string) *panel {
	p := &panel{Title: curves[0].title()}
	if len(curves) > maxLines {
		p.Note = "Some of these trainings are drawn, evenly from the first to the last; the table below has all of them."
		curves = evenly(curves, maxLines)
	}
	for _, c := range []struct {
		id, title string
		values    func(Curve) []float64
		scale     scale
	}{
		{"loss", "Training loss", func(c Curve) []float64 { return c.Loss }, numbers},
		{"training-accuracy", "Accuracy on training batches", func(c Curve) []float64 { return c.Accuracy }, shares},
		{"rate", "Learning rate", func(c Curve) []float64 { return c.Rate }, numbers},
	} {
		tracks, unit := courses(curves, c.values)
		drawn := newChart(tracks, c.scale)
		if drawn == nil {
			continue
		}
		drawn.ID, drawn.Title, drawn.XLabel = c.id+"-"+suffix, c.title, unit
		drawn.Desc = "A line for each training. The table below has the last values."
		p.Charts, p.Legend = append(p.Charts, drawn), legend(tracks)
	}
	if p.Charts == nil {
		return nil
	}
	return p
}

// title names what curves of one panel have in common.
func (c Curve) title() string {
	if c.Kind == "" {
		return ""
	}
	if c.Arm == "" {
		return c.Kind
	}
	return c.Kind + ", arm " + c.Arm
}

// evenly picks n of more curves, with the first and the last.
func evenly(curves []Curve, n int) []Curve {
	out := make([]Curve, n)
	for i := range out {
		out[i] = curves[i*(len(curves)-1)/(n-1)]
	}
	return out
}

// courses are values by steps where all trainings count them, else by epochs.
func courses(curves []Curve, values func(Curve) []float64) (tracks []track, unit string) {
	unit = "step"
	if slices.ContainsFunc(curves, func(c Curve) bool { return len(c.Steps) == 0 }) {
		unit = "epoch"
	}
	for _, c := range curves {
		t := track{name: c.Name, y: values(c)}
		for i := range t.y {
			x := float64(i + 1)
			if unit == "step" {
				x = float64(c.Steps[i])
			}
			t.x = append(t.x, x)
		}
		tracks = append(tracks, t)
	}
	return tracks, unit
}
