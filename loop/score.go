package loop

import (
	"context"
	"path"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring/job"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// score passes the samples without a label through the network that chooses.
// What it finds is the journal of its job, from which the next step chooses.
type score struct{ round int }

func (c score) Name() string { return batchFolder(c.round) + "/score" }

func (c score) Run(ctx context.Context, env Env, s State) (Event, error) {
	network := networkOf(c.round, s)
	pass, err := env.openPass(ctx, s, network, c.round, env.stage("score %s images with the %s network", count(env.pool.Len()-s.Labelled()), network.Role))
	if err != nil {
		return Event{}, err
	}
	n, err := pass.run(ctx)
	if err != nil {
		return Event{}, err
	}
	files, err := env.journal(batchFolder(c.round))
	samples := int64(n)
	return Event{
		Work: Work{Module: "score", Network: network.Role, Samples: samples, MACs: network.MACs * samples, Choosing: c.round != first},
		Body: &scored{Files: files, Samples: n},
	}, err
}

// networkOf is the network whose scores, or for the first labels features, the choice of
// a round goes by.
func networkOf(round int, s State) Network {
	if round == first {
		return s.Dense
	}
	return s.Selector
}

// journal describes the files of a pass's journal.
func (e Env) journal(pass string) (files []Artefact, err error) {
	name := e.journalName(pass)
	entries, err := e.folder.list(path.Dir(name))
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasPrefix(entry, path.Base(name)) {
			f, err := e.folder.describe(path.Join(path.Dir(name), entry))
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	return files, nil
}

func (e Env) journalName(pass string) string { return e.work(pass + "-scores.jsonl") }

// scored is a finished pass.
type scored struct {
	Files   []Artefact `json:"files"`
	Samples int        `json:"samples"`
}

func (*scored) kind() string { return "scored" }

func (c *scored) apply(s *State) { s.Scores = c.Files }

// pass is the job of a round.
type pass struct {
	*job.Job
	strategy selection.Strategy
}

// openPass opens the job of the pass of a round, which goes on where it was stopped.
// The stage is what it is shown as, "" for not at all.
func (e Env) openPass(ctx context.Context, s State, n Network, round int, stage string) (*pass, error) {
	label := e.spec.Config.Label
	check := label.CheckStrategy
	if round == first {
		check = label.CheckFirst
	}
	strategy, err := check()
	if err != nil {
		return nil, err
	}
	return e.openPassOf(ctx, s, n, batchFolder(round), strategy, stage)
}

// openPassOf opens the job of a pass of a network for a strategy.
func (e Env) openPassOf(ctx context.Context, s State, n Network, name string, strategy selection.Strategy, stage string) (*pass, error) {
	indices, err := e.settled(s)
	if err != nil {
		return nil, err
	}
	samples := job.AllSamples(e.pool.Len())
	for _, i := range indices {
		samples.Remove(i)
	}
	return e.openSamples(ctx, n, samples, name, strategy, stage)
}

// openSamples opens the job of a pass over some samples of the pool.
func (e Env) openSamples(ctx context.Context, n Network, samples *job.Samples, name string, strategy selection.Strategy, stage string) (*pass, error) {
	m, err := e.folder.load(n)
	if err != nil {
		return nil, err
	}
	pool, err := data.Prepare(e.pool, e.pre)
	if err != nil {
		return nil, err
	}
	spec := job.Spec{
		Network: job.Network{Model: m, Session: e.session()}, Pool: pool, Samples: samples, Seed: e.spec.Config.Seed,
		Features: strategy.Features, Probabilities: strategy.Probabilities, Resume: true,
	}
	if strategy.Measure != "" {
		spec.Measures = []string{strategy.Measure}
	}
	if spec.Journal, err = e.folder.place(e.journalName(name)); err != nil {
		return nil, err
	}
	spec.Progress = e.passProgress(stage)
	j, err := job.Open(ctx, spec)
	return &pass{j, strategy}, err
}

// passProgress tells how far a job is.
func (e Env) passProgress(stage string) func(kind string, done, total int) {
	last := Progress{Done: -1}
	return func(kind string, done, total int) {
		p := Progress{Stage: stage, Done: int64(done), Total: int64(total), Unit: "images"}
		if kind == job.StageLabelled {
			p.Stage = e.stage("features of the labelled images")
		}
		if p.Stage != "" && p != last {
			e.tell(p)
		}
		last = p
	}
}

// run makes the pass to its end and returns the number of its samples.
func (p *pass) run(ctx context.Context) (n int, err error) {
	for _, recordErr := range p.Records(ctx) {
		if recordErr != nil {
			err = recordErr
		}
	}
	n = p.Len()
	if closeErr := p.Close(); err == nil {
		err = closeErr
	}
	return n, err
}

// labelled is what the strategy looks at of the samples that have a label.
func (p *pass) labelled(ctx context.Context, e Env, s State) (selection.Candidates, error) {
	indices, _, err := e.labels(s)
	if err != nil {
		return selection.Candidates{}, err
	}
	set, err := data.Prepare(data.Subset(e.pool, indices), e.pre)
	if err != nil {
		return selection.Candidates{}, err
	}
	return p.Gather(ctx, set, p.strategy.Needs)
}

// price passes the pool of the first choice through the trained full network,
// to tell what choosing with it would have cost.
type price struct{}

func (price) Name() string { return "price" }

func (p price) Run(ctx context.Context, env Env, s State) (Event, error) {
	n := s.Trained
	s.Labels = s.Labels[:1]
	strategy, err := env.spec.Config.Label.CheckStrategy()
	if err != nil {
		return Event{}, err
	}
	pass, err := env.openPassOf(ctx, s, n, p.Name(), strategy, env.stage("score %s images with the dense network", count(env.pool.Len()-s.Labelled())))
	if err != nil {
		return Event{}, err
	}
	samples, err := pass.run(ctx)
	return Event{
		Work: Work{Module: "score", Network: n.Role, Samples: int64(samples), MACs: n.MACs * int64(samples)},
		Body: &scored{Samples: samples},
	}, err
}
