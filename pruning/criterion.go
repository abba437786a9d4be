package pruning

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
)

// Criterion says how important the choices of a group are; the least
// important go first.
type Criterion struct {
	Name, About string
	// score adds up to one number for each choice of the group.
	score func(a *Analysis, g *Group, seed uint64) ([]float64, error)
}

// Criteria are the criteria there are, the default first.
var Criteria = []Criterion{
	{"l2", "mean over the coupled layers of the sum of squared weights", squared},
	{"l1", "mean over the coupled layers of the sum of absolute weights", func(a *Analysis, g *Group, _ uint64) ([]float64, error) {
		return a.magnitude(g, math.Abs)
	}},
	{"bn-scale", "mean absolute scale of the BatchNormalizations on the channel; l2 for groups without one", bnScale},
	{"random", "seeded uniform choice", func(_ *Analysis, g *Group, seed uint64) ([]float64, error) {
		rng := rand.New(rand.NewPCG(seed, uint64(g.ID)))
		out := make([]float64, g.Size)
		for i := range out {
			out[i] = rng.Float64()
		}
		return out, nil
	}},
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
	return Criterion{}, fmt.Errorf("criterion %q is unknown; there are %s", name, strings.Join(names, ", "))
}

// magnitude is, for each choice, the mean over the group's kernels and
// matrices of the sum of f over the weights that the choice removes (the
// paper's score, with f the square). Vectors such as biases and BatchNorm
// parameters do not count: before training they are all equal.
func (a *Analysis) magnitude(g *Group, f func(float64) float64) ([]float64, error) {
	out := make([]float64, g.Size)
	layers := 0
	for _, m := range g.Members {
		if m.use.tensor.Rank() < 2 || !m.use.tensor.Elem().Float() {
			continue
		}
		layers++
		if err := a.accumulate(out, g, m, f); err != nil {
			return nil, err
		}
	}
	for i := range out {
		out[i] /= float64(max(layers, 1))
	}
	return out, nil
}

func squared(a *Analysis, g *Group, _ uint64) ([]float64, error) {
	return a.magnitude(g, func(w float64) float64 { return w * w })
}

func bnScale(a *Analysis, g *Group, seed uint64) ([]float64, error) {
	out := make([]float64, g.Size)
	layers := 0
	for _, m := range g.Members {
		if m.use.scale {
			layers++
			if err := a.accumulate(out, g, m, math.Abs); err != nil {
				return nil, err
			}
		}
	}
	if layers == 0 {
		return squared(a, g, seed)
	}
	for i := range out {
		out[i] /= float64(layers)
	}
	return out, nil
}

// accumulate adds the sum of f over the slices of one member to the choices
// that remove them.
func (a *Analysis) accumulate(out []float64, g *Group, m Member, f func(float64) float64) error {
	w, err := m.use.tensor.Floats()
	if err != nil {
		return fmt.Errorf("score group %s: %w", g.Name(), err)
	}
	dims := m.use.tensor.Dims()
	inner := 1
	for _, d := range dims[m.Axis+1:] {
		inner *= int(d)
	}
	n := int(dims[m.Axis])
	sums := make([]float64, n)
	for i, v := range w {
		sums[i/inner%n] += f(float64(v))
	}
	a.positions(m.use.axes[m.Axis], func(p int, r elem) {
		if at, ok := a.group[r]; ok && at.group == g {
			out[at.index] += sums[p]
		}
	})
	return nil
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

// Scores are the importances of every group's choices, by group ID. A weight
// that is not a number is an error that names the group.
func (a *Analysis) Scores(c Criterion, seed uint64) ([][]float64, error) {
	out := make([][]float64, len(a.Groups))
	for i, g := range a.Groups {
		s, err := c.score(a, g, seed)
		if err != nil {
			return nil, err
		}
		for _, v := range s {
			if math.IsNaN(v) {
				return nil, fmt.Errorf("score group %s: a weight is not a number", g.Name())
			}
		}
		out[i] = s
	}
	return out, nil
}
