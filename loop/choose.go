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

// choose picks the batch of a round, or the first labels, by the scores of its pass.
type choose struct{ round int }

func (c choose) Name() string { return batchFolder(c.round) + "/choose" }

func (c choose) Run(ctx context.Context, env Env, s State) (Event, error) {
	for _, f := range s.Scores {
		if err := env.folder.check(f); err != nil {
			return Event{}, err
		}
	}
	pass, err := env.openPass(ctx, s, networkOf(c.round, s), c.round, "")
	if err != nil {
		return Event{}, err
	}
	defer pass.Close()
	choice := c.choice(env)
	if c.round != first && pass.strategy.Labelled != selection.Unused {
		if choice.Labelled, err = pass.labelled(ctx, env, s); err != nil {
			return Event{}, err
		}
	}
	return c.pick(ctx, env, pass, choice)
}

// choice is what is asked for.
func (c choose) choice(env Env) selection.Choice {
	cfg := env.spec.Config
	label := cfg.Label
	if c.round == first {
		return selection.Choice{Strategy: label.First, K: label.Initial, Seed: cfg.Seed, Params: label.FirstParams(env.classes)}
	}
	return selection.Choice{Strategy: label.Strategy, K: label.Add[c.round], Seed: cfg.Seed, Measure: label.Measure, Params: label.Params}
}

// pick chooses among the records of a pass, and keeps the choice.
func (c choose) pick(ctx context.Context, env Env, pass *pass, choice selection.Choice) (Event, error) {
	picked, err := selection.Choose(ctx, pass.Records(ctx), choice)
	if err != nil {
		return Event{}, err
	}
	if s := pass.Skipped(); len(s) > 0 {
		env.note(data.Note{Text: fmt.Sprintf("%d samples of the pool have no score and are never chosen; the first is %s: %v", len(s), s[0].ID, s[0].Err), Lost: len(s)})
	}
	if c.round == first { // the guesses of an untrained network are none
		for i := range picked {
			picked[i].Record = unscored(picked[i].Record.Index, picked[i].Record.ID)
		}
	}
	folder := batchFolder(c.round)
	out := &chosen{Choice{Strategy: choice.Strategy, Pool: pass.Len(), Skipped: len(pass.Skipped())}}
	if out.Batch, err = env.writeChoice(folder, picked, choice.Strategy); err != nil {
		return Event{}, err
	}
	if c.round != first {
		out.Pictures, err = env.writePictures(folder, picked)
	}
	return Event{Work: Work{Module: "rank", Samples: int64(pass.Len()), Choosing: c.round != first}, Body: out}, err
}

// chance picks the batch of a round at random.
type chance struct{ round int }

func (c chance) Name() string { return roundFolder(c.round) + "/draw" }

// Run draws the labels of all rounds so far and takes those of its own, so that they do
// not depend on how many rounds there are.
func (c chance) Run(ctx context.Context, env Env, s State) (Event, error) {
	labels := env.spec.Config.Labels()
	indices, _, err := env.labels(State{Labels: s.Labels[:1]})
	if err != nil {
		return Event{}, err
	}
	rest := data.Without(env.pool, indices)
	d, err := env.drawReadable(ctx, streamRandom, labels[c.round+1]-labels[0], rest.Len(), rest.At)
	if err != nil {
		return Event{}, err
	}
	return env.random(c.round, d.drawn[labels[c.round]-labels[0]:], env.pool.Len()-s.Labelled(), len(d.lost))
}

// random is the event of a draw of n samples, of which some cannot be read.
func (e Env) random(round int, drawn []int, n, lost int) (Event, error) {
	picked := make([]selection.Selected, len(drawn))
	for i, at := range drawn {
		picked[i] = selection.Selected{Rank: i + 1, Cluster: -1, Record: unscored(at, e.pool.ID(at))}
	}
	batch, err := e.writeChoice(batchFolder(round), picked, chanceStrategy)
	return Event{
		Work: Work{Module: "draw", Samples: int64(n), Choosing: round != first},
		Body: &chosen{Choice{Batch: batch, Strategy: chanceStrategy, Pool: n, Skipped: lost}},
	}, err
}

// unscored is the record of a sample that no network was asked about.
func unscored(index int, id string) scoring.Record {
	return scoring.Record{Index: index, ID: id, Class: selection.NoClass}
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
