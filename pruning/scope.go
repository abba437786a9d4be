package pruning

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prunefuse/prunefuse/internal/suggest"
)

// Scope says which channels are ranked against each other.
type Scope string

const (
	// PerGroup ranks within each group, which all lose the same ratio.
	PerGroup Scope = ""
	// Global ranks the channels of all groups together.
	Global Scope = "global"
	// Isomorphic ranks together the groups whose members are of the same
	// structure: the same inputs of the same operators, cut along the same
	// axes (Fang et al., "Isomorphic Pruning for Vision Models", ECCV 2024).
	Isomorphic Scope = "isomorphic"
	// Sensitivity ranks the channels of all groups together by what the error of
	// the outputs grows by for what a channel saves, as measured on samples: each
	// group alone loses some of its channels, and the network is recovered.
	Sensitivity Scope = "sensitivity"
)

// ParseScope finds a scope by its name; "uniform" and "" are PerGroup.
func ParseScope(name string) (Scope, error) {
	names := []string{"uniform", string(Global), string(Isomorphic), string(Sensitivity)}
	switch {
	case name == "" || name == names[0]:
		return PerGroup, nil
	case slices.Contains(names, name):
		return Scope(name), nil
	}
	return "", fmt.Errorf("unknown rule %q; %s", name, suggest.Want(name, names))
}

// partition divides groups, by ID, into those that a scope ranks together.
func (s Scope) partition(groups []*Group) ([][]int, error) {
	key := map[Scope]func(*Group) string{
		PerGroup:    func(g *Group) string { return fmt.Sprint(g.ID) },
		Global:      func(*Group) string { return "" },
		Sensitivity: func(*Group) string { return "" },
		Isomorphic:  (*Group).structure,
	}[s]
	if key == nil {
		return nil, fmt.Errorf("scope %q is unknown; there are %s and %s", s, Global, Isomorphic)
	}
	var out [][]int
	at := map[string]int{}
	for _, g := range groups {
		k := key(g)
		i, ok := at[k]
		if !ok {
			i = len(out)
			at[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], g.ID)
	}
	return out, nil
}

// structure writes the group's members as the operators that read them, by
// which input and axis.
func (g *Group) structure() string {
	var b strings.Builder
	for _, m := range g.Members {
		for _, r := range m.use.reads {
			fmt.Fprintf(&b, "%s.%s %d:%d\n", r.Node.Domain(), r.Node.Op(), r.Index, m.Axis)
		}
	}
	return b.String()
}

// ranking is the choices of some groups, ranked together.
type ranking struct {
	groups []int
	// fixed is the ratio of groups that have one of their own.
	fixed *float64
	// order has the group of each choice, the least important first. Which
	// choice of the group it is follows, as each group's own order is the
	// same in every ranking.
	order []int
}

// newRanking ranks choices by their scores. Those of several groups are
// divided by the mean of their group, as Torch-Pruning does, unless they are
// comparable as they stand. Of equals the earlier group and the lower index
// stay.
func newRanking(groups []int, scores [][]float64, comparable bool) ranking {
	type choice struct {
		group int
		score float64
	}
	var all []choice
	for _, g := range slices.Backward(groups) {
		by := 1.0
		if mean := meanOf(scores[g]); mean != 0 && !comparable {
			by = mean
		}
		for _, k := range slices.Backward(ranked(scores[g])) {
			all = append(all, choice{g, scores[g][k] / by})
		}
	}
	slices.SortStableFunc(all, func(x, y choice) int { return cmp.Compare(x.score, y.score) })
	r := ranking{groups: groups}
	for _, c := range all {
		r.order = append(r.order, c.group)
	}
	return r
}

func meanOf(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
