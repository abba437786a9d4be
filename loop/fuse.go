package loop

import (
	"context"
	"io"

	"github.com/prunefuse/prunefuse/fusion"
)

// fuse writes the trained selector into its parent, in a round of
// synchronisation or, after the last round, for the result.
type fuse struct{ round int }

func (f fuse) Name() string { return roundFolder(f.round) + "/fuse" }

func (f fuse) Run(_ context.Context, env Env, s State) (Event, error) {
	parent, err := env.folder.load(s.Parent)
	if err != nil {
		return Event{}, err
	}
	selector, err := env.folder.load(s.Selector)
	if err != nil {
		return Event{}, err
	}
	c := env.spec.Config
	m, err := fusion.Fuse(parent, selector, fusion.Options{Rest: fusion.Rest(c.Fuse.Rest), Seed: c.Seed})
	if err != nil {
		return Event{}, err
	}
	last := f.round == len(c.Label.Add)
	body, name := &fused{Selector: s.Selector}, env.file(roundFolder(f.round), FusedInitFile)
	if last {
		name = env.file(FusedInitFile)
		if body.Selector, err = f.keep(env, s.Selector); err != nil {
			return Event{}, err
		}
	}
	body.Network, err = env.folder.save(name, m, "fused")
	return Event{Work: Work{Module: "fuse", Network: body.Network.Role, Choosing: !last}, Body: body}, err
}

// keep copies the selector of the last round to where a run's result is.
func (f fuse) keep(env Env, n Network) (Network, error) {
	from, err := env.folder.open(n.File)
	if err != nil {
		return n, err
	}
	defer from.Close()
	n.File, err = env.folder.write(env.file(SelectorFile), func(w io.Writer) error {
		_, err := io.Copy(w, from)
		return err
	})
	return n, err
}

// fused is a full network that has the weights of a selector.
type fused struct {
	Network  Network `json:"network"`
	Selector Network `json:"selector"`
}

func (*fused) kind() string { return "fused" }

func (f *fused) apply(s *State) { s.Fused, s.Selector = f.Network, f.Selector }
