package report

import (
	"cmp"
	"fmt"
	"slices"
)

// OneSeed is the note of a single run on what its intervals do not cover.
const OneSeed = "One seed: the intervals cover the choice of test images, not the variation between training runs."

// Join makes one report of runs that differ in their seed alone: each accuracy
// with a value a seed, and the mean of what choosing cost. Names are for errors.
func Join(reports []*Report, names []string) (*Report, error) {
	first := reports[0]
	for i, r := range reports[1:] {
		if d := differing(first.Config, r.Config); d != "" {
			return nil, fmt.Errorf("%s and %s are not runs of one configuration: %s", names[0], names[i+1], d)
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
		out.Seeds = append(out.Seeds, r.Seed)
		if r.Unfinished != "" && out.Unfinished == "" {
			out.Unfinished = "in " + names[i] + " " + r.Unfinished
		}
		for _, a := range r.Accuracies {
			out.collect(a.Role, a.Name, Point{Labels: a.Labels, Accuracy: a.Value})
		}
		for _, s := range r.Series {
			for _, p := range s.Points {
				out.collect(s.Role, s.Name, p)
			}
		}
		for _, c := range r.Choosing {
			out.spread(c, len(reports))
		}
	}
	out.Notes = append([]string{fmt.Sprintf("%d seeds; a spread is the sample standard deviation over them.", len(reports))}, mixture(reports, names)...)
	out.Notes = append(out.Notes, common(reports)...)
	return out, out.Complete()
}

// common are the notes that all of several runs have, without that on one seed.
func common(reports []*Report) []string {
	return slices.DeleteFunc(slices.Clone(reports[0].Notes), func(note string) bool {
		return note == OneSeed || slices.ContainsFunc(reports, func(r *Report) bool { return !slices.Contains(r.Notes, note) })
	})
}

// mixture says which runs were computed by something else than the first.
func mixture(reports []*Report, names []string) (notes []string) {
	by := func(r *Report) []Setting { return append([]Setting{{"prunefuse", r.Version}}, r.Versions...) }
	for i, r := range reports[1:] {
		if d := differing(by(reports[0]), by(r)); d != "" {
			notes = append(notes, fmt.Sprintf("%s and %s were not computed by the same: %s.", names[0], names[i+1], d))
		}
	}
	return notes
}

// differing tells of the first setting that two lists do not share, "" where there is
// none.
func differing(a, b []Setting) string {
	value := func(in []Setting, key string) string {
		if i := slices.IndexFunc(in, func(s Setting) bool { return s.Key == key }); i >= 0 {
			return cmp.Or(in[i].Value, "empty")
		}
		return "not set"
	}
	for _, s := range slices.Concat(a, b) {
		if x, y := value(a, s.Key), value(b, s.Key); x != y {
			return fmt.Sprintf("%s differs, %s against %s", s.Key, x, y)
		}
	}
	return ""
}

// collect adds the accuracy of one seed to a line of the chart, or with a role to that
// of a network.
func (r *Report) collect(role Role, name string, p Point) {
	i := slices.IndexFunc(r.Series, func(s Series) bool { return s.Role == role && s.Name == name })
	if i < 0 {
		i = len(r.Series)
		r.Series = append(r.Series, Series{Role: role, Name: name})
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
