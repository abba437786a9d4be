package loop

import (
	"context"
	"fmt"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/pruning"
)

// prune cuts a new selector, untrained, out of the parent.
type prune struct{ round int }

func (p prune) Name() string { return roundFolder(p.round) + "/prune" }

func (p prune) Run(_ context.Context, env Env, s State) (Event, error) {
	parent, err := env.folder.load(s.Parent)
	if err != nil {
		return Event{}, err
	}
	c := env.spec.Config
	res, err := pruning.Prune(parent, pruning.Config{
		Ratio: float64(c.Prune.Ratio), Criterion: c.Prune.Criterion, Seed: c.Seed, ParentName: s.Parent.File.Path,
	})
	if err != nil {
		return Event{}, err
	}
	n, err := env.folder.save(env.file(roundFolder(p.round), untrainedFile), res.Model, "selector")
	return Event{
		Work: Work{Module: "prune", Network: n.Role, Choosing: p.round < len(c.Label.Add) && env.spec.Picker == Selector},
		Body: &pruned{n, keptLayers(res.Plan)},
	}, err
}

// pruned is a selector that was cut out of its parent.
type pruned struct {
	Network Network        `json:"network"`
	Layers  []report.Layer `json:"layers"`
}

func (*pruned) kind() string { return "pruned" }

func (p *pruned) apply(s *State) {
	s.Untrained, s.Selector, s.Layers = p.Network, Network{}, p.Layers
}

// keptLayers lists what is left of each group, by its first member.
func keptLayers(p *pruning.Plan) []report.Layer {
	var out []report.Layer
	for _, g := range p.Groups {
		name := fmt.Sprint(g.Members[0][0])
		out = append(out, report.Layer{Name: name, Channels: g.Size, Kept: len(g.Kept), Indices: g.Kept})
	}
	return out
}

// roundFolder is the folder of a round.
func roundFolder(k int) string { return fmt.Sprintf("round-%03d", k) }
