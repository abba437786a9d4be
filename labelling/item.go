package labelling

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Item is one sample to label.
type Item struct {
	ID         string
	Rank       int     // in the selection, from 1
	Class      string  // the predicted one, "" where no model was asked
	Confidence float64 // of the prediction, from 0 to 1
	Best       []Guess // the most likely classes, where they are known
	Score      string  // by which it was chosen, as "margin 0.012"
	Place      string  // among the features of others: cluster, nearest labelled sample
	Index      int     // in the pool
	Image      string  // its file, as seen from the batch; "" where the ID says it
	Wanted     int     // annotators that the sample wants; 0 is 1

	Height, Width int // of the image, in pixels; see Measure
}

// Guess is a class that a network takes a sample for.
type Guess struct {
	Class       string
	Probability float64
}

// ItemOf makes a task of a line of a selection. Classes go by their names, by their
// numbers where there are no names; a class beyond the names is an error.
func ItemOf(l selection.Line, classes data.Classes) (Item, error) {
	it := Item{ID: l.ID, Rank: l.Rank, Index: l.Index, Confidence: l.Confidence, Place: placeOf(l)}
	if l.Class == selection.NoClass { // no model was asked
		return it, nil
	}
	var err error
	if it.Class, err = classes.Name(l.Class); err != nil {
		return it, fmt.Errorf("sample %s: %w", l.ID, err)
	}
	if v, ok := l.Scores.Of(l.Strategy); ok {
		it.Score = fmt.Sprintf("%s %.3g", l.Strategy, v)
	} else if l.Strategy != "" {
		it.Score = fmt.Sprintf("score %.3g", l.Score)
	}
	return it, nil
}

// placeOf says where a sample lies among the features of others.
func placeOf(l selection.Line) string {
	var out []string
	if l.Cluster != nil {
		out = append(out, fmt.Sprintf("cluster %d", *l.Cluster))
	}
	if n := l.Nearest; n != nil {
		name := cmp.Or(n.ID, fmt.Sprintf("row %d", n.Index))
		out = append(out, fmt.Sprintf("nearest labelled: %s, at a distance of %.3g", name, n.Distance))
	}
	return strings.Join(out, "; ")
}

// Blind returns the items without the network's opinion of them, in the order of choice.
func Blind(items []Item) []Item {
	out := slices.Clone(items)
	for i := range out {
		out[i].Class, out[i].Confidence, out[i].Best, out[i].Score = "", 0, nil, ""
	}
	slices.SortStableFunc(out, func(a, b Item) int { return cmp.Compare(a.Rank, b.Rank) })
	return out
}

// Best returns the three most likely classes, the lower number first where two are as
// likely.
func Best(probabilities []float32, classes data.Classes) ([]Guess, error) {
	order := make([]int, len(probabilities))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(probabilities[b], probabilities[a]) })
	var out []Guess
	for _, i := range order[:min(3, len(order))] {
		name, err := classes.Name(i)
		if err != nil {
			return nil, err
		}
		out = append(out, Guess{name, float64(probabilities[i])})
	}
	return out, nil
}

// file is the name that labelling tools know the image of an item by.
func (it Item) file() string {
	if it.Image != "" {
		return path.Base(it.Image)
	}
	return it.ID
}
