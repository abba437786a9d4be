package report

import (
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
)

// view is what the template sees: the report and its drawings.
type view struct {
	*Report
	Result, Random *Accuracy
	Intervals      *intervals
	Networks       []network // of several seeds
	Spreads        *intervals
	Methods        []Series // the lines of the chart
	BySize         *panel
	Grid           [][]*Point // a row per labelled count, a column per method
	Spread         bool       // some method has several seeds
	Training       []*panel

	Arms         bool    // there are several
	Shared       bool    // some batch is taken over
	Top          float64 // the share that a bar of full height stands for
	ShownClasses []int
	SomeClasses  bool // these are not all
	MostOfAClass int  // labels
	Earlier      []Round

	Style template.CSS
	Data  template.JS
}

// network is the accuracy of a network of the method over several seeds.
type network struct {
	Role Role
	Name string
	*Point
}

func newView(r *Report) (*view, error) {
	// Marshal escapes <, > and &, so that no string of the report can end the
	// script element.
	data, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode report: %w", err)
	}
	v := &view{
		Report:    r,
		Result:    r.accuracy(RoleFineTuned),
		Random:    r.accuracy(RoleRandom),
		Intervals: newIntervals(ofAccuracies(r.Accuracies)),
		Training:  trainingPanels(r.Curves),
		Top:       highest(r.Rounds),
		Style:     template.CSS(style),
		Data:      template.JS(data),
	}
	v.ShownClasses = shownClasses(r.Balance)
	v.SomeClasses = len(v.ShownClasses) < len(r.Classes)
	for _, s := range r.Series {
		if s.Role == "" {
			v.Methods = append(v.Methods, s)
			v.Spread = v.Spread || s.Seeds > 1
			continue
		}
		for i := range s.Points {
			v.Networks = append(v.Networks, network{s.Role, s.Name, &s.Points[i]})
		}
	}
	v.Spreads = newIntervals(ofNetworks(v.Networks))
	v.BySize, v.Grid = seriesPanel(v.Methods), grid(v.Methods)
	for _, b := range r.Balance {
		v.MostOfAClass = max(v.MostOfAClass, slices.Max(b.Counts))
	}
	for _, b := range r.Rounds {
		v.Arms = v.Arms || b.Arm != r.Rounds[0].Arm
		v.Shared = v.Shared || b.Shared
		if len(b.Thumbs) > 0 {
			v.Earlier = append(v.Earlier, b)
		}
	}
	slices.Reverse(v.Earlier)
	return v, nil
}

// fewer is how many seeds a point has, 0 where these are all of its series.
func fewer(p *Point, s Series) int {
	if p.Seeds < s.Seeds {
		return p.Seeds
	}
	return 0
}

// grid lines up the points of all series by labelled count; a series without
// a point there has nil.
func grid(series []Series) [][]*Point {
	var labels []int
	for _, s := range series {
		for _, p := range s.Points {
			labels = append(labels, p.Labels)
		}
	}
	slices.Sort(labels)
	labels = slices.Compact(labels)
	rows := make([][]*Point, len(labels))
	for i, n := range labels {
		rows[i] = make([]*Point, len(series))
		for j, s := range series {
			if k := slices.IndexFunc(s.Points, func(p Point) bool { return p.Labels == n }); k >= 0 {
				rows[i][j] = &s.Points[k]
			}
		}
	}
	return rows
}
