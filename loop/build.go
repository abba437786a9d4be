package loop

import (
	"context"
	"fmt"

	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/loop/config"
)

// build writes the untrained full network.
type build struct{}

func (build) Name() string { return "build" }

func (build) Run(_ context.Context, env Env, _ State) (Event, error) {
	if c := env.spec.Config; c.Model.File != "" {
		env.say("%s", startNote(c))
	}
	n, err := env.folder.save(DenseFile, env.dense, "dense")
	return Event{Body: &built{n}}, err
}

// startNote says what a run makes of the weights of a network that is a file.
func startNote(c config.Config) string {
	note := c.Model.File + ": its weights are the untrained start, also of the dense network from scratch"
	if fusion.Rest(c.Fuse.Rest) != fusion.Init {
		note += fmt.Sprintf("; fuse: {rest: %s} replaces those that the selector lacks, fuse: {rest: init} keeps them", c.Fuse.Rest)
	}
	return note
}

// buildProxy writes the untrained network that chooses in the place of the
// full one.
type buildProxy struct{}

func (buildProxy) Name() string { return "build-proxy" }

func (buildProxy) Run(_ context.Context, env Env, _ State) (Event, error) {
	proxy := env.spec.Config.Proxy
	m, err := env.build(env.spec.Config, proxy.Arch, proxy.Width)
	if err == nil {
		err = env.describe(m)
	}
	if err != nil {
		return Event{}, err
	}
	n, err := env.folder.save(env.file(ProxyFile), m, "proxy")
	return Event{Body: &built{n}}, err
}

// built is an untrained network.
type built struct {
	Network Network `json:"network"`
}

func (*built) kind() string { return "built" }

func (b *built) apply(s *State) {
	if b.Network.Role != "proxy" {
		s.Dense, s.Parent = b.Network, b.Network
	}
	s.Untrained = b.Network
}
