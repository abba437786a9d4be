package report

import (
	"fmt"
	"slices"
)

// Join makes one report of runs that differ in their seed alone: each accuracy
// with a value a seed, and the mean of what choosing cost. Names are for errors.
func Join(reports []*Report, names []string) (*Report, error) {
	first := reports[0]
	for i, r := range reports[1:] {
		if key := differing(first.Config, r.Config); key != "" {
			return nil, fmt.Errorf("%s and %s are not runs of one configuration: %s differs", names[0], names[i+1], key)
		}
	}
	out := &Report{
		Title: first.Title, Version: first.Version, Seed: first.Seed, TestSet: first.TestSet, Config: first.Config, Versions: first.Versions,
	}
	seeds := map[uint64]string{}
	for i, r := range reports {
		if other, twice := seeds[r.Seed]; twice {
			return nil, fmt.Errorf("%s and %s have the same seed, %d", other, names[i], r.Seed)
		}
		seeds[r.Seed] = names[i]
		if r.Unfinished != "" && out.Unfinished == "" {
			out.Unfinished = "in " + names[i] + " " + r.Unfinished
		}
		for _, a := range r.Accuracies {
			out.collect(a.Name, Point{Labels: a.Labels, Accuracy: a.Value})
		}
		for _, s := range r.Series {
			for _, p := range s.Points {
				out.collect(s.Name, p)
			}
		}
		for _, c := range r.Choosing {
			out.spread(c, len(reports))
		}
	}
	out.Notes = []string{fmt.Sprintf("%d seeds; a spread is the sample standard deviation over them.", len(reports))}
	return out, out.Complete()
}

// differing names a setting that two configurations do not share.
func differing(a, b []Setting) string {
	for _, s := range a {
		if !slices.Contains(b, s) {
			return s.Key
		}
	}
	for _, s := range b {
		if !slices.Contains(a, s) {
			return s.Key
		}
	}
	return ""
}

// collect adds the accuracy of one seed to a line of the chart.
func (r *Report) collect(name string, p Point) {
	i := slices.IndexFunc(r.Series, func(s Series) bool { return s.Name == name })
	if i < 0 {
		i = len(r.Series)
		r.Series = append(r.Series, Series{Name: name})
	}
	s := &r.Series[i]
	k := slices.IndexFunc(s.Points, func(q Point) bool { return q.Labels >= p.Labels })
	switch {
	case k < 0:
		s.Points = append(s.Points, Point{Labels: p.Labels, Values: []float64{p.Accuracy}})
	case s.Points[k].Labels == p.Labels:
		s.Points[k].Values = append(s.Points[k].Values, p.Accuracy)
	default:
		s.Points = slices.Insert(s.Points, k, Point{Labels: p.Labels, Values: []float64{p.Accuracy}})
	}
}

// spread adds to an arm's mean cost what it cost in one of n runs.
func (r *Report) spread(c Choosing, n int) {
	i := slices.IndexFunc(r.Choosing, func(o Choosing) bool { return o.Arm == c.Arm })
	if i < 0 {
		i = len(r.Choosing)
		r.Choosing = append(r.Choosing, Choosing{Arm: c.Arm, Analytic: c.Analytic})
	}
	r.Choosing[i].Seconds += c.Seconds / float64(n)
	r.Choosing[i].MACs += c.MACs / int64(n)
}
