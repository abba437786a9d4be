package pruning

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Config says how to prune. The zero value removes nothing.
type Config struct {
	// Ratio is the fraction of channels to remove, of each group or, with
	// another Scope, of all groups ranked together.
	Ratio float64
	// Budget, where set, takes the place of Ratio.
	Budget Budget
	Scope  Scope
	// Ratios gives groups a ratio of their own, whatever the rest is given.
	Ratios []GroupRatio
	Limits Limits
	// Steps is in how many steps to prune; the channels that are left are
	// scored anew after each. 0 is one.
	Steps int

	Criterion string // "" is the default, l2
	// Scores, where set, take the place of Criterion.
	Scores   *Scores
	Seed     uint64 // of the criterion random
	Evidence Evidence
	// InputShapes are the extents of inputs of open size, at which MACs are
	// counted and latency is measured.
	InputShapes onnxio.InputShapes

	// Ignore and Parts are those of Options.
	Ignore []string
	Parts  Parts
	// ParentName is what the plan calls the parent, such as its file's name.
	ParentName string
}

// Result is a pruned model with how it came about.
type Result struct {
	Model     *onnxio.Model
	Plan      *Plan
	Analysis  *Analysis // of the dense model
	Selection Selection
	// Scores of the dense model, and Reached, where there was a budget. A
	// prune by plan has neither.
	Scores  *Scores
	Reached *Reached
}

// Prune is PruneContext without a context.
func Prune(m *onnxio.Model, c Config) (*Result, error) {
	return PruneContext(context.Background(), m, c)
}

// PruneContext analyses a model, scores its channels and cuts it down. The
// outcome is checked by shape inference; Analysis.Verify proves it by running
// it. A model without a single prunable group is an error that gives the
// first reason, and a *op.UnsupportedError where an operator that is not in
// the table may be it. A budget that cannot be met is an *UnreachableError.
// Criteria with data and budgets of latency need ONNX Runtime.
func PruneContext(ctx context.Context, m *onnxio.Model, c Config) (*Result, error) {
	crit, err := c.check()
	if err != nil {
		return nil, err
	}
	a, err := Analyze(m, Options{Ignore: c.Ignore, Parts: c.Parts})
	if err != nil {
		return nil, err
	}
	if len(a.Groups) == 0 {
		return nil, a.nothing()
	}
	scores, comparable, err := c.score(ctx, a, crit)
	if err != nil {
		return nil, err
	}
	own, err := a.ownRatios(c.Ratios)
	if err != nil {
		return nil, fmt.Errorf("ratios: %w", err)
	}
	if c.Budget.Of == Latency && c.Limits.RoundTo == 0 {
		c.Limits.RoundTo = LatencyRoundTo
	}
	ch, err := newChooser(a, scores, c.Scope, comparable, own, c.Limits)
	if err != nil {
		return nil, err
	}
	if c.Scope == Sensitivity {
		order, err := c.bySensitivity(ctx, a, scores)
		if err != nil {
			return nil, err
		}
		for i, r := range ch.rankings {
			if r.fixed == nil {
				ch.rankings[i].order = order(r.groups)
			}
		}
	}
	counts, reached, err := c.counts(ctx, a, ch)
	if err != nil {
		return nil, err
	}
	sel := ch.selection(counts)
	if c.Steps > 1 {
		if sel, err = c.inSteps(ctx, a, crit, scores, counts); err != nil {
			return nil, fmt.Errorf("prune: %w", err)
		}
	}
	r, err := a.cut(sel, c.ParentName)
	if err != nil {
		return nil, err
	}
	r.Scores, r.Reached = a.named(scores, comparable), reached
	return r, nil
}

func (c Config) check() (Criterion, error) {
	crit, err := CriterionByName(c.Criterion)
	switch {
	case err != nil:
		return crit, err
	case c.Steps < 0:
		return crit, fmt.Errorf("%d steps: want at least 1", c.Steps)
	case c.Steps > 1 && c.Scores != nil:
		return crit, errScoresOnce
	case c.Budget == Budget{} && !(c.Ratio >= 0 && c.Ratio < 1):
		return crit, fmt.Errorf("ratio %v: want the share of channels to remove, from 0 up to but not including 1", c.Ratio)
	}
	return crit, c.Budget.check()
}

// nothing is the error for a model without a group.
func (a *Analysis) nothing() error {
	if unknown := a.Facts.Unknown; len(unknown) > 0 {
		return fmt.Errorf("prune: nothing in the model can be pruned: %w", &op.UnsupportedError{
			Node: unknown[0].String(), Op: unknown[0].Op(), Opset: a.Facts.Opset, Facet: "definition",
			Reason: "it pins every axis it touches",
		})
	}
	why := "it has no weights"
	if len(a.Pinned) > 0 {
		p := a.Pinned[0]
		why = fmt.Sprintf("axis %d of %q: %s", p.Axis, p.Initializer, p.Reason)
	}
	return fmt.Errorf("prune: nothing in the model can be pruned; %s", why)
}

func (c Config) evidence() Evidence {
	e := c.Evidence
	e.Seed = c.Seed
	return e
}

func (c Config) score(ctx context.Context, a *Analysis, crit Criterion) (scores [][]float64, comparable bool, err error) {
	if c.Scores != nil {
		scores, err = c.Scores.of(a)
		return scores, c.Scores.Comparable, err
	}
	scores, err = a.Rate(ctx, crit, c.evidence())
	return scores, crit.Comparable, err
}

// counts are how many channels of each group stay.
func (c Config) counts(ctx context.Context, a *Analysis, ch *chooser) ([]int, *Reached, error) {
	switch c.Budget.Of {
	case "":
		return ch.counts(c.Ratio), nil, nil
	case Latency:
		return ch.meetLatency(ctx, a, c)
	}
	m, err := newMeter(a, c.InputShapes)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Budget.Of, err)
	}
	if open := m.before.Open; c.Budget.Of == MACs && !m.before.MACsKnown() {
		return nil, nil, fmt.Errorf("macs: they are not known, as input %q is of open size; give its shape", open[0])
	}
	dense := m.before.MACs
	if c.Budget.Of == Parameters {
		dense = m.before.Parameters
	}
	return ch.meet(c.Budget, dense, func(counts []int) (int64, error) { return m.measure(c.Budget.Of, ch.kept(counts)) })
}

// PruneByPlan cuts a model as a plan says, which must be of this model. A
// plan that keeps other indices than the model's coupled channels allow is
// an error.
func PruneByPlan(m *onnxio.Model, p *Plan, parentName string) (*Result, error) {
	a, sel, err := AnalyzeFor(m, p)
	if err != nil {
		return nil, err
	}
	r, err := a.cut(sel, parentName)
	if err != nil {
		return nil, err
	}
	for _, list := range []map[string]Entry{p.Initializers, r.Plan.Initializers} {
		for _, name := range slices.Sorted(maps.Keys(list)) {
			if p.Initializers[name].Added == nil && !p.Initializers[name].equal(r.Plan.Initializers[name]) {
				return nil, &unlikePlanError{name}
			}
		}
	}
	return r, nil
}

func (a *Analysis) cut(sel Selection, parentName string) (*Result, error) {
	out, plan, err := a.Apply(sel, parentName)
	if err != nil {
		return nil, err
	}
	return &Result{Model: out, Plan: plan, Analysis: a, Selection: sel}, nil
}

// CheckParent is an error unless the plan was made from this model.
func (p *Plan) CheckParent(m *onnxio.Model) error {
	sum, err := m.Fingerprint()
	if err != nil {
		return err
	}
	if sum != p.Parent.SHA256 {
		return fmt.Errorf("the plan is of another parent: it was made from %q with fingerprint %.12s…, this model has %.12s…", p.Parent.Name, p.Parent.SHA256, sum)
	}
	return nil
}

// SelectionOf finds the selection that a plan made of this model, with the
// same Parts, stands for.
func (a *Analysis) SelectionOf(p *Plan) (Selection, error) {
	if err := p.CheckParent(a.Source); err != nil {
		return nil, err
	}
	alive, seen := make([]bool, len(a.space.parent)), make([]bool, len(a.space.parent))
	for _, u := range a.uses {
		e, ok := p.Initializers[u.root]
		if !ok {
			e = Entry{Shape: u.tensor.Dims()}
		}
		// Positions follow the axis that they point into and say nothing of what
		// is chosen, and what a node makes is not stored.
		if u.places || u.made || len(e.Shape) != len(u.axes) || (e.From != "" && e.From != u.root) || p.split(u.root) {
			continue
		}
		for k, x := range u.axes {
			if len(x) == 0 || int64(x.extent()) != e.Shape[k] {
				continue
			}
			stays := make([]bool, x.extent())
			for _, j := range e.Axis(k) {
				stays[j] = true
			}
			a.positions(x, func(at int, r elem) {
				seen[r] = true
				alive[r] = alive[r] || stays[at]
			})
		}
	}
	sel := make(Selection, len(a.Groups))
	for i, g := range a.Groups {
		if stated := p.group(a, g); stated != nil && !slices.ContainsFunc(g.classes, func(r elem) bool { return seen[r] }) {
			sel[i] = slices.Clone(stated.Kept) // of weights that are made, not stored
			continue
		}
		sel[i] = []int{}
		for k, r := range g.classes {
			if alive[r] || !seen[r] {
				sel[i] = append(sel[i], k)
			}
		}
	}
	return sel, a.follows(p, sel)
}

// group is what the plan says of a group; nil where it says nothing.
func (p *Plan) group(a *Analysis, g *Group) *PlanGroup {
	for i := range p.Groups {
		said := &p.Groups[i]
		if len(said.Members) == 0 || said.Size != g.Size || !slices.Equal(said.At, placesOf(a.places(g))) {
			continue
		}
		if name, axis := memberOf(said.Members[0]); name == g.Members[0].Initializer && axis == g.Members[0].Axis {
			return said
		}
	}
	return nil
}

// split reports whether the plan cuts one constant of the parent in several
// ways, so that its entries do not say which reader each is for.
func (p *Plan) split(root string) bool {
	for _, e := range p.Initializers {
		if e.From == root {
			return true
		}
	}
	return false
}
