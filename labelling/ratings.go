package labelling

import (
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/labelling/crew"
)

// smoothing of Dawid and Skene keeps an annotator of whom little is known from counting
// as one who never errs.
const smoothing = 0.1

// ratings are the votes for samples as numbers.
type ratings struct {
	crew.Ratings
	samples, annotators, classes []string // by their numbers
}

// newRatings numbers the votes that give a class: samples as in order, the rest by
// their names.
func newRatings(order []string, votes map[string][]Annotation) *ratings {
	r := &ratings{samples: order}
	annotators, classes := map[string]int{}, map[string]int{}
	for _, list := range votes {
		for _, v := range list {
			if v.Class != "" {
				annotators[v.By()], classes[v.Class] = 0, 0
			}
		}
	}
	r.annotators, r.classes = number(annotators), number(classes)
	r.Items, r.Annotators, r.Classes = len(order), len(r.annotators), len(r.classes)
	for i, id := range order {
		for _, v := range votes[id] {
			if v.Class != "" {
				r.List = append(r.List, crew.Rating{Item: i, Annotator: annotators[v.By()], Class: classes[v.Class]})
			}
		}
	}
	return r
}

// number numbers names in their order.
func number(names map[string]int) []string {
	sorted := slices.Sorted(maps.Keys(names))
	for i, name := range sorted {
		names[name] = i
	}
	return sorted
}

// dawidSkene is the most likely class of each sample, "" where two are as likely.
func (r *ratings) dawidSkene() (map[string]string, error) {
	m, err := crew.DawidSkene(r.Ratings, crew.EM{Smoothing: smoothing})
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(r.samples))
	for i, class := range m.Classes() {
		if class != crew.Undecided {
			out[r.samples[i]] = r.classes[class]
		}
	}
	return out, nil
}

// once keeps the last vote of each annotator for a sample.
func (r *ratings) once() crew.Ratings {
	last := map[[2]int]int{}
	for at, x := range r.List {
		last[[2]int{x.Item, x.Annotator}] = at
	}
	out := r.Ratings
	out.List = nil
	for at, x := range r.List {
		if last[[2]int{x.Item, x.Annotator}] == at {
			out.List = append(out.List, x)
		}
	}
	return out
}
