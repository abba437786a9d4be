package loop

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// choose picks the batch of a round by the scores of its pass.
type choose struct{ round int }

func (c choose) Name() string { return roundFolder(c.round) + "/choose" }

func (c choose) Run(ctx context.Context, env Env, s State) (Event, error) {
	for _, f := range s.Scores {
		if err := env.folder.check(f); err != nil {
			return Event{}, err
		}
	}
	pass, err := env.openPass(ctx, s, roundFolder(c.round), "")
	if err != nil {
		return Event{}, err
	}
	defer pass.Close()
	label := env.spec.Config.Label
	choice := selection.Choice{Strategy: label.Strategy, K: label.Add[c.round], Seed: env.spec.Config.Seed, Measure: label.Measure, Params: label.Params}
	if pass.strategy.Labelled != selection.Unused {
		if choice.Labelled, err = pass.labelled(ctx, env, s); err != nil {
			return Event{}, err
		}
	}
	picked, err := selection.Choose(ctx, pass.Records(ctx), choice)
	if err != nil {
		return Event{}, err
	}
	if s := pass.Skipped(); len(s) > 0 {
		env.note(data.Note{Text: fmt.Sprintf("%d samples of the pool have no score and are never chosen; the first is %s: %v", len(s), s[0].ID, s[0].Err), Lost: len(s)})
	}
	folder := roundFolder(c.round)
	out := &chosen{Choice{Strategy: label.Strategy, Pool: pass.Len(), Skipped: len(pass.Skipped())}}
	if out.Batch, err = env.writeChoice(folder, picked, label.Strategy); err != nil {
		return Event{}, err
	}
	out.Pictures, err = env.writePictures(folder, picked)
	return Event{Work: Work{Module: "rank", Samples: int64(pass.Len()), Choosing: true}, Body: out}, err
}

// drawFirst picks the first labels at random, of all samples.
type drawFirst struct{}

func (drawFirst) Name() string { return batchFolder(first) + "/draw" }

func (drawFirst) Run(_ context.Context, env Env, _ State) (Event, error) {
	c := env.spec.Config
	n := env.pool.Len()
	return env.random(first, draw(c.Seed, streamInitial, n, c.Label.Initial), n)
}

// chance picks the batch of a round at random.
type chance struct{ round int }

func (c chance) Name() string { return roundFolder(c.round) + "/draw" }

// Run draws the labels of all rounds at once and takes those of its own, so that
// they do not depend on how many rounds there are.
func (c chance) Run(_ context.Context, env Env, s State) (Event, error) {
	cfg := env.spec.Config
	labels := cfg.Labels()
	indices, _, err := env.labels(State{Labels: s.Labels[:1]})
	if err != nil {
		return Event{}, err
	}
	rest := data.Without(env.pool, indices)
	drawn := draw(cfg.Seed, streamRandom, rest.Len(), labels[len(labels)-1]-labels[0])
	drawn = drawn[labels[c.round]-labels[0] : labels[c.round+1]-labels[0]]
	for i, at := range drawn {
		drawn[i] = rest.At(at)
	}
	return env.random(c.round, drawn, env.pool.Len()-s.Labelled())
}

// random is the event of a draw of n samples.
func (e Env) random(round int, drawn []int, n int) (Event, error) {
	picked := make([]selection.Selected, len(drawn))
	for i, at := range drawn {
		picked[i] = selection.Selected{Rank: i + 1, Cluster: -1, Record: scoring.Record{Index: at, ID: e.pool.ID(at), Class: selection.NoClass}}
	}
	batch, err := e.writeChoice(batchFolder(round), picked, chanceStrategy)
	return Event{
		Work: Work{Module: "draw", Samples: int64(n), Choosing: round != first},
		Body: &chosen{Choice{Batch: batch, Strategy: chanceStrategy, Pool: n}},
	}, err
}

// chanceStrategy is what a choice at random goes by.
const chanceStrategy = "random"

// writeChoice keeps a choice as a selection file, best first.
func (e Env) writeChoice(folder string, picked []selection.Selected, strategy string) (Batch, error) {
	f, err := e.folder.write(e.file(folder, selectedFile), func(w io.Writer) error {
		return selection.Write(w, selection.JSONL, picked, strategy)
	})
	return Batch{File: f, Samples: len(picked)}, err
}

// chosen is a batch that is to be labelled.
type chosen struct{ Choice }

func (*chosen) kind() string { return "chosen" }

func (c *chosen) apply(s *State) {
	batch := c.Batch
	s.Chosen, s.Scores = &batch, nil
	s.Choices = append(slices.Clip(s.Choices), c.Choice)
}
