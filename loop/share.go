package loop

import "context"

// share takes over the full network and labels of the first arm.
type share struct{}

func (share) Name() string { return "share" }

func (share) Run(_ context.Context, env Env, _ State) (Event, error) {
	labels := env.shared.Labels
	if env.spec.Shares == FirstLabels {
		labels = labels[:1]
	}
	return Event{Body: &taken{Dense: env.shared.Dense, Labels: labels}}, nil
}

// taken is what an arm took over from the first one.
type taken struct {
	Dense  Network `json:"dense"`
	Labels []Batch `json:"labels"`
}

func (*taken) kind() string { return "shared" }

func (t *taken) apply(s *State) {
	s.Dense, s.Parent, s.Untrained = t.Dense, t.Dense, t.Dense
	s.Labels = t.Labels
}
