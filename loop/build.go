package loop

import "context"

// build writes the untrained full network.
type build struct{}

func (build) Name() string { return "build" }

func (build) Run(_ context.Context, env Env, _ State) (Event, error) {
	n, err := env.folder.save(DenseFile, env.dense, "dense")
	return Event{Body: &built{n}}, err
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
