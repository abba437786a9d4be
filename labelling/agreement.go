package labelling

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/labelling/crew"
)

// Agreement says how well the annotators of some samples agree, and how each of them
// does against the labels that their answers came to.
type Agreement struct {
	// Alpha is Krippendorff's α, and Kappa Fleiss' κ where all annotators answered
	// for all samples that two did; nil where it is not defined.
	Alpha *float64 `json:"alpha,omitempty"`
	Kappa *float64 `json:"kappa,omitempty"`
	// Shared counts the samples with classes of two annotators or more.
	Shared     int         `json:"shared"`
	Disagreed  []string    `json:"disagreed,omitempty"` // of these, the samples whose answers differ
	Classes    []string    `json:"classes"`             // that the matrices count
	Annotators []Annotator `json:"annotators"`          // by their names
}

// Annotator says what one annotator has done.
type Annotator struct {
	Name    string `json:"name"`
	Labels  int    `json:"labels"`  // answers with a class
	Skipped int    `json:"skipped"` // answers that a sample cannot be labelled
	Unsure  int    `json:"unsure"`
	// Shared counts the samples with a label for which others gave a class as well,
	// Right those for which this annotator gave the class of the label.
	Shared int `json:"shared"`
	Right  int `json:"right"`
	// Confusion counts the shared samples: those labelled with the class of the row,
	// for which this annotator gave the class of the column; nil of who gave no class.
	Confusion [][]int `json:"confusion,omitempty"`
}

// Agreement measures how well the annotators agree; nil where there are not two who gave
// a class.
func (r *Result) Agreement() *Agreement {
	order, of := r.votes()
	all := newRatings(order, of)
	if len(all.annotators) < 2 {
		return nil
	}
	out := &Agreement{Classes: all.classes, Disagreed: r.Disagreed}
	shared := all.shared()
	for _, several := range shared {
		if several {
			out.Shared++
		}
	}
	if alpha, err := crew.Alpha(all.once()); err == nil {
		out.Alpha = &alpha
	}
	if kappa, err := crew.Fleiss(only(all.once(), shared)); err == nil {
		out.Kappa = &kappa
	}
	out.Annotators = r.annotators(all, shared, of)
	return out
}

// Annotators tells what each of those who answered has done, by their names, also where
// there is one alone.
func (r *Result) Annotators() []Annotator {
	order, of := r.votes()
	all := newRatings(order, of)
	return r.annotators(all, all.shared(), of)
}

// votes are the answers that count, by sample, and the samples in the order of reading.
func (r *Result) votes() (order []string, of map[string][]Annotation) {
	of = map[string][]Annotation{}
	for _, a := range r.Annotations {
		if _, there := of[a.Sample]; !there {
			order = append(order, a.Sample)
		}
		of[a.Sample] = append(of[a.Sample], a)
	}
	for id, all := range of {
		of[id], _ = counting(all)
	}
	return order, of
}

// shared reports of each sample whether two annotators or more gave a class.
func (r *ratings) shared() []bool {
	first, out := make(map[int]int, r.Items), make([]bool, r.Items)
	for _, x := range r.List {
		if by, seen := first[x.Item]; seen && by != x.Annotator {
			out[x.Item] = true
		} else if !seen {
			first[x.Item] = x.Annotator
		}
	}
	return out
}

// only leaves the items that are in, which get new numbers.
func only(r crew.Ratings, in []bool) crew.Ratings {
	out := crew.Ratings{Annotators: r.Annotators, Classes: r.Classes}
	at := make([]int, r.Items)
	for i, yes := range in {
		at[i] = out.Items
		if yes {
			out.Items++
		}
	}
	for _, x := range r.List {
		if in[x.Item] {
			x.Item = at[x.Item]
			out.List = append(out.List, x)
		}
	}
	return out
}

// annotators tells what each annotator of some ratings has done.
func (r *Result) annotators(all *ratings, shared []bool, of map[string][]Annotation) []Annotator {
	number, truth := map[string]int{}, make([]int, all.Items)
	for c, class := range all.classes {
		number[class] = c
	}
	labels := make(map[string]string, len(r.Labels)+len(r.taken))
	maps.Copy(labels, r.taken)
	for _, l := range r.Labels {
		labels[l.ID] = l.Class
	}
	for i, id := range all.samples {
		truth[i] = crew.Undecided
		if class, said := number[labels[id]]; said && shared[i] {
			truth[i] = class
		}
	}
	confusion := crew.Confusion(all.once(), truth)
	out, at := make([]Annotator, all.Annotators), map[string]int{}
	for a, name := range all.annotators {
		out[a] = Annotator{Name: name, Shared: confusion[a].Total(), Right: confusion[a].Right(), Confusion: confusion[a]}
		at[name] = a
	}
	for _, votes := range of {
		for _, v := range votes {
			a, there := at[v.By()]
			if !there { // has given no class
				a = len(out)
				out, at[v.By()] = append(out, Annotator{Name: v.By()}), a
			}
			switch {
			case v.Skip:
				out[a].Skipped++
			case v.Unsure:
				out[a].Unsure++
			default:
				out[a].Labels++
			}
		}
	}
	slices.SortFunc(out, func(a, b Annotator) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Summary tells, a line each, how the answers were taken, how well the annotators agree,
// and which samples are without a label.
func (r *Result) Summary() []string {
	out := slices.Clone(r.Notes)
	if a := r.Agreement(); a != nil {
		out = append(out, strings.Split(strings.TrimSpace(a.Text()), "\n")...)
	}
	if n := len(r.Skipped); n > 0 {
		out = append(out, fmt.Sprintf("note: of %d samples people say that they cannot be labelled", n))
	}
	if r.Unlabelled > 0 {
		out = append(out, fmt.Sprintf("%d samples have no label yet", r.Unlabelled))
	}
	return out
}

// maxNamed is how many samples a text names.
const maxNamed = 5

// Text tells the same in a few lines.
func (a *Agreement) Text() string {
	alpha := "not defined"
	if a.Alpha != nil {
		alpha = fmt.Sprintf("%.3f", *a.Alpha)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "agreement α %s", alpha)
	if a.Kappa != nil {
		fmt.Fprintf(&b, ", κ %.3f", *a.Kappa)
	}
	fmt.Fprintf(&b, ", on %d samples that two or more labelled", a.Shared)
	if n := len(a.Disagreed); n > 0 {
		fmt.Fprintf(&b, "; %d differ: %s", n, strings.Join(a.Disagreed[:min(n, maxNamed)], ", "))
		if n > maxNamed {
			b.WriteString(", …")
		}
	}
	b.WriteString("\n")
	for _, by := range a.Annotators {
		fmt.Fprintf(&b, "annotator %s: %d labels, %d skipped, %d unsure; %d of %d shared ones are right by the consensus\n",
			by.Name, by.Labels, by.Skipped, by.Unsure, by.Right, by.Shared)
	}
	return b.String()
}
