package pruning

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// Criterion says how important the choices of a group are; the least
// important go first.
type Criterion struct {
	Name, About string
	// score adds up to one number for each choice of each group.
	score func(a *Analysis, seed uint64) ([][]float64, error)
}

// Criteria are the criteria there are, the default first.
var Criteria = []Criterion{
	{"l2", "mean over the coupled layers of the sum of squared weights", squared},
	{"l1", "mean over the coupled layers of the sum of absolute weights", absolute},
	{"bn-scale", "mean absolute scale of the BatchNormalizations on the channel; l2 for groups without one", bnScale},
	{"random", "seeded uniform choice", chance},
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

// magnitude is, for each choice, the mean over the group's layers of the sum
// of |weight|^norm over the weights that the choice removes (with norm 2 the
// paper's score). What layers are is for of to say: by the paper, kernels and
// matrices, as vectors such as biases are all equal before training. Layers
// counts them by group; a group without any scores 0 throughout.
func (a *Analysis) magnitude(of func(*use) bool, norm int) (scores [][]float64, layers []int, err error) {
	scores, layers = make([][]float64, len(a.Groups)), make([]int, len(a.Groups))
	axes := map[*use][]int{}
	for i, g := range a.Groups {
		scores[i] = make([]float64, g.Size)
		for _, m := range g.Members {
			if m.use.tensor.Elem().Float() && of(m.use) {
				layers[i]++
				if !slices.Contains(axes[m.use], m.Axis) {
					axes[m.use] = append(axes[m.use], m.Axis)
				}
			}
		}
	}
	for _, u := range a.uses {
		if len(axes[u]) == 0 {
			continue
		}
		w, err := u.tensor.Floats()
		if err != nil {
			return nil, nil, fmt.Errorf("score: %w", err)
		}
		for _, k := range axes[u] {
			sums := sumsAlong(w, u.tensor.Dims(), k, norm)
			a.positions(u.axes[k], func(p int, r elem) {
				if at := a.group[r]; at.group != nil {
					scores[at.group.ID][at.index] += sums[p] / float64(layers[at.group.ID])
				}
			})
		}
	}
	return scores, layers, nil
}

// sumsAlong adds up |w|^norm, norm 1 or 2, for every index of one axis.
func sumsAlong(w []float32, dims []int64, axis, norm int) []float64 {
	inner := 1
	for _, d := range dims[axis+1:] {
		inner *= int(d)
	}
	sums := make([]float64, dims[axis])
	for at := 0; at < len(w); {
		for j := range sums {
			sum := 0.0
			for _, v := range w[at : at+inner] {
				x := math.Abs(float64(v))
				if norm == 2 {
					x *= x
				}
				sum += x
			}
			sums[j] += sum
			at += inner
		}
	}
	return sums
}

func kernel(u *use) bool { return u.tensor.Rank() > 1 }

func squared(a *Analysis, _ uint64) ([][]float64, error) {
	scores, _, err := a.magnitude(kernel, 2)
	return scores, err
}

func absolute(a *Analysis, _ uint64) ([][]float64, error) {
	scores, _, err := a.magnitude(kernel, 1)
	return scores, err
}

func bnScale(a *Analysis, seed uint64) ([][]float64, error) {
	scores, layers, err := a.magnitude(func(u *use) bool { return u.scale }, 1)
	if err != nil {
		return nil, err
	}
	others, err := squared(a, seed)
	if err != nil {
		return nil, err
	}
	for i, n := range layers {
		if n == 0 {
			scores[i] = others[i]
		}
	}
	return scores, nil
}

func chance(a *Analysis, seed uint64) ([][]float64, error) {
	out := make([][]float64, len(a.Groups))
	for i, g := range a.Groups {
		rng := rand.New(rand.NewPCG(seed, uint64(g.ID)))
		out[i] = make([]float64, g.Size)
		for k := range out[i] {
			out[i][k] = rng.Float64()
		}
	}
	return out, nil
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
	out, err := c.score(a, seed)
	if err != nil {
		return nil, err
	}
	for i, g := range a.Groups {
		if slices.ContainsFunc(out[i], math.IsNaN) {
			return nil, fmt.Errorf("score group %s: a weight is not a number", g.Name())
		}
	}
	return out, nil
}
