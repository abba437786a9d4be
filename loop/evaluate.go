package loop

import (
	"context"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/training"
)

// evaluate counts the held-out samples that a network gets right.
type evaluate struct {
	round int
	role  Role
}

func (e evaluate) Name() string { return fmt.Sprintf("%s/evaluate-%s", roundFolder(e.round), e.role) }

func (e evaluate) Run(ctx context.Context, env Env, s State) (Event, error) {
	n := map[Role]Network{Picked: s.Selector, Fused: s.Fused, Final: s.Trained}[e.role]
	m, err := env.folder.load(n)
	if err != nil {
		return Event{}, err
	}
	set, err := data.Prepare(env.test, data.Preprocess{})
	if err != nil {
		return Event{}, err
	}
	r, err := training.Evaluate(ctx, m, set, training.EvalOptions{Session: env.session(), Normalize: env.normalize()})
	if err != nil {
		return Event{}, err
	}
	return Event{
		Work: Work{Module: "evaluate", Network: n.Role, Samples: int64(r.Samples), MACs: n.MACs * int64(r.Samples)},
		Body: &evaluated{Result{Role: e.role, Labels: s.Labelled(), Correct: r.Correct, Total: r.Samples}},
	}, nil
}

// evaluated is how well a network does.
type evaluated struct{ Result }

func (*evaluated) kind() string { return "evaluated" }

func (e *evaluated) apply(s *State) { s.Results = append(slices.Clip(s.Results), e.Result) }
