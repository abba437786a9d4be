package pruning

import (
	"context"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Criterion says how important the choices of a group are; the least
// important go first.
type Criterion struct {
	Name, About string
	// Data is what the criterion looks at besides the weights.
	Data Data
	// Comparable holds where the scores of different groups rank against
	// each other as they stand, without being divided by their mean.
	Comparable bool

	// score adds up to one number for each choice of each group.
	score func(ctx context.Context, a *Analysis, e Evidence) ([][]float64, error)
}

// Data is a kind of samples.
type Data int

// The kinds of data that criteria look at.
const (
	NoData   Data = 0
	Samples  Data = 1 // Evidence.Samples
	Labelled Data = 2 // Evidence.Gradients, which take samples with labels
)

// Evidence is what criteria may rate channels by besides the weights. The
// zero value is enough for a criterion of NoData.
type Evidence struct {
	// Seed is that of the criterion random.
	Seed uint64
	// Samples gives batches of the model's one input, the batch axis first.
	// A batch is of use until the next is taken.
	Samples iter.Seq2[*ort.Tensor, error]
	// Gradients gives, for each of some batches, the gradient of the loss by
	// the weights of a model, named by initializer or Constant output.
	Gradients func(*onnxio.Model) iter.Seq2[map[string][]float32, error]
	// Session is how the model is run on the samples.
	Session ort.SessionOptions
}

// Criteria are the criteria there are, the default first.
var Criteria = []Criterion{
	{Name: "l2", About: "mean over the coupled layers of the sum of squared weights", score: squared},
	{Name: "l1", About: "mean over the coupled layers of the sum of absolute weights", score: absolute},
	{Name: "group-norm", About: "Euclidean norm of all coupled weights and BatchNormalization scales", score: groupNorm},
	{Name: "bn-scale", About: "mean absolute BatchNormalization scale; l2 for groups without one", score: bnScale},
	{Name: "lamp", About: "l2 over that of all channels of the group that are no less important", Comparable: true, score: lamp},
	{Name: "fpgm", About: "mean over the coupled layers of the distance of a filter to all others", score: fpgm},
	{Name: "taylor", About: "what the loss would change by, to first order; needs labelled data", Data: Labelled, Comparable: true, score: taylor},
	{Name: "activation", About: "mean absolute value of the channel where the next layers read it; needs data", Data: Samples, score: activation},
	{Name: "random", About: "seeded uniform choice", score: chance},
}

// CriterionByName finds a criterion; "" is the default.
func CriterionByName(name string) (Criterion, error) {
	var names []string
	for i, c := range Criteria {
		if c.Name == name || (name == "" && i == 0) {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return Criterion{}, fmt.Errorf("unknown criterion %q; %s", name, suggest.Want(name, names))
}

// positions calls f with every position of an axis and each class on which
// it depends.
func (a *Analysis) positions(x axis, f func(p int, r elem)) {
	var at []int
	for p := range x.extent() {
		at = x.digits(p, at)
		for i, d := range at {
			a.leaves(x[i][d], func(r elem) { f(p, r) })
		}
	}
}

// Scores are the importances of every group's choices, by group ID, by a
// criterion that needs no data. A weight that is not a finite number is an
// error that names the group.
func (a *Analysis) Scores(c Criterion, seed uint64) ([][]float64, error) {
	return a.Rate(context.Background(), c, Evidence{Seed: seed})
}

// Rate gives the importances of every group's choices, by group ID. Evidence
// that the criterion needs and does not get is an error, and so is a score
// that is not a finite number. Criteria with data need ONNX Runtime.
func (a *Analysis) Rate(ctx context.Context, c Criterion, e Evidence) ([][]float64, error) {
	switch {
	case c.Data == Samples && e.Samples == nil:
		return nil, fmt.Errorf("score: the criterion %s needs samples", c.Name)
	case c.Data == Labelled && e.Gradients == nil:
		return nil, fmt.Errorf("score: the criterion %s needs gradients, which take labelled samples", c.Name)
	}
	out, err := c.score(ctx, a, e)
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	what := [...]string{NoData: "a weight", Samples: "an activation", Labelled: "a gradient"}[c.Data]
	for i, g := range a.Groups {
		if slices.ContainsFunc(out[i], func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }) {
			return nil, fmt.Errorf("score group %s: %s is not a finite number", g.Name(), what)
		}
	}
	return out, nil
}
