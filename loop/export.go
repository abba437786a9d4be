package loop

import (
	"context"

	"github.com/prunefuse/prunefuse/export"
)

// exportFinal makes the result ready for deployment.
type exportFinal struct{}

func (exportFinal) Name() string { return "export" }

func (exportFinal) Run(ctx context.Context, env Env, s State) (Event, error) {
	env.say("export for deployment")
	m, err := env.folder.load(s.Trained)
	if err != nil {
		return Event{}, err
	}
	out, _, err := export.Model(ctx, m, export.Options{Seed: env.spec.Config.Seed, Session: env.session()})
	if err != nil {
		return Event{}, err
	}
	n, err := env.folder.save(env.file(DeployFile), out, "deploy")
	return Event{Work: Work{Module: "export", Network: s.Trained.Role}, Body: &exported{n}}, err
}

// exported is the result as it is deployed.
type exported struct {
	Network Network `json:"network"`
}

func (*exported) kind() string { return "exported" }

func (e *exported) apply(s *State) { s.Deploy = e.Network }
