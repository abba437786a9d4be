package pruning

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Parts says what is removed of an axis that is made of equal blocks, as the
// columns of an attention's projections are of heads: only one of the two can
// be chosen from. The zero value takes what leaves more to choose.
type Parts string

// The parts that can be chosen from.
const (
	Widest Parts = ""       // blocks or positions, whichever are more
	Whole  Parts = "whole"  // whole blocks
	Within Parts = "within" // the same positions within every block
)

// both lets blocks and positions be chosen from at once. A plan that composes
// several prunes, one by blocks and one within them, is read back so.
const both Parts = "both"

// AnalyzeFor analyses the model that a plan was made from in the way that the
// plan was made, and gives the selection that it stands for. A plan that
// keeps other indices than the model's coupled channels allow is an error.
func AnalyzeFor(m *onnxio.Model, p *Plan) (*Analysis, Selection, error) {
	p = p.withoutNewHead()
	var bad *unlikePlanError
	order := []Parts{Widest, Whole, Within, both}
	if i := slices.Index(order, p.Parts); i > 0 {
		order[0], order[i] = order[i], order[0]
	}
	for _, parts := range order {
		a, err := Analyze(m, Options{Parts: parts})
		if err != nil {
			return nil, nil, err
		}
		sel, err := a.SelectionOf(p)
		switch {
		case err == nil:
			return a, sel, nil
		case !errors.As(err, &bad):
			return nil, nil, err
		}
	}
	return nil, nil, bad
}

// unlikePlanError says that a plan keeps what the groups cannot.
type unlikePlanError struct{ weight string }

func (e *unlikePlanError) Error() string {
	return fmt.Sprintf("prune: the plan cuts weight %q in a way that its coupled channels do not allow", e.weight)
}

// follows is an error unless a selection leaves of every weight what the plan
// does. Weights that are cut in several ways are left out.
func (a *Analysis) follows(p *Plan, sel Selection) error {
	gone, err := a.removed(sel)
	if err != nil {
		return err
	}
	for _, u := range a.uses {
		e, ok := p.Initializers[u.root]
		if !ok || u.places || u.made || (e.From != "" && e.From != u.root) || p.split(u.root) || len(e.Shape) != len(u.axes) {
			continue
		}
		for k, x := range u.axes {
			if len(x) > 0 && !slices.Equal(a.kept(x, gone), e.Axis(k)) {
				return &unlikePlanError{u.root}
			}
		}
	}
	return nil
}
