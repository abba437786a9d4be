package prunefuse

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"strconv"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// The files of a round.
const (
	selectedFile = "selected.jsonl" // scores of what was chosen, best first
	parentFile   = "parent.onnx"    // the trained full network, after a synchronisation
)

// round is what a finished round leaves in its metrics.json.
type round struct {
	Labels   int           `json:"labels"` // the selector was trained on
	Steps    int           `json:"steps"`
	Correct  int           `json:"correct"`
	Total    int           `json:"total"`
	Selected []int         `json:"selected,omitempty"` // indices of the pool, in order of labelling
	Synced   bool          `json:"synced,omitempty"`
	Curve    report.Curve  `json:"curve"`
	Costs    []report.Cost `json:"costs"`
	// Selection is what the report shows of the last choice.
	Selection *report.Selection `json:"selection,omitempty"`
}

// prune cuts a new selector out of the parent.
func (r *run) prune(costs *[]report.Cost) error {
	return r.timed("prune", nil, 0, costs, func() (int64, error) {
		res, err := pruning.Prune(r.parent.model, pruning.Config{
			Ratio: float64(r.cfg.Prune.Ratio), Criterion: r.cfg.Prune.Criterion, Seed: r.cfg.Seed, ParentName: r.parentName,
		})
		if err != nil {
			return 0, err
		}
		r.start, err = newNetwork(res.Model, "selector")
		r.rep.Layers = keptLayers(res.Plan)
		return 0, err
	})
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

// round trains the selector on all labels so far, and, but for the last
// round, labels the batch that it chooses. A round that was finished before
// is read back instead.
func (r *run) round(ctx context.Context, k int) error {
	if last, ok, err := r.dir.LastRound(); err != nil {
		return err
	} else if ok && k <= last {
		return r.recall(k)
	}
	folder, err := r.dir.BeginRound(k)
	if err != nil {
		return err
	}
	out := round{Labels: len(r.labelled)}
	stage := fmt.Sprintf("train the selector on %s labels", count(len(r.labelled)))
	selector, err := r.trainSelector(ctx, k, stage, &out)
	if err != nil {
		return err
	}
	selector.model.SetMeta("prunefuse.round", strconv.Itoa(k))
	if err := r.save(filepath.Join(filepath.Base(folder), SelectorFile), selector.model); err != nil {
		return err
	}
	if k < len(r.cfg.Label.Add) {
		if err := r.choose(ctx, k, selector, folder, &out); err != nil {
			return err
		}
		if r.syncs(k) {
			if err := r.sync(ctx, selector, folder, &out); err != nil {
				return err
			}
		}
	}
	if err := r.dir.FinishRound(k, out); err != nil {
		return err
	}
	if err := r.dir.Append("round", map[string]int{"round": k, "labels": out.Labels, "correct": out.Correct, "total": out.Total}); err != nil {
		return err
	}
	return r.enter(k, out)
}

// recall takes up a finished round as it was left.
func (r *run) recall(k int) error {
	var out round
	if err := r.dir.Metrics(k, &out); err != nil {
		return err
	}
	r.opts.say("round %d was finished before: %s labels", k, count(out.Labels))
	return r.enter(k, out)
}

// enter makes a round's outcome the state that the next begins with.
func (r *run) enter(k int, out round) error {
	r.rounds = append(r.rounds, out)
	for _, c := range out.Costs {
		r.rep.Spend(c)
	}
	r.rep.Curves = append(r.rep.Curves, out.Curve)
	if out.Selection != nil {
		r.rep.Selection = out.Selection
	}
	r.labelled = append(r.labelled, out.Selected...)
	if !out.Synced {
		return nil
	}
	m, err := onnxio.Load(filepath.Join(r.dir.Round(k), parentFile))
	if err != nil {
		return err
	}
	r.parent = r.dense.with(m)
	r.parentName = filepath.ToSlash(filepath.Join(filepath.Base(r.dir.Round(k)), parentFile))
	return r.prune(&r.rep.Ledger)
}

// trainSelector trains a fresh selector on the labelled samples and tests it.
func (r *run) trainSelector(ctx context.Context, k int, stage string, out *round) (*network, error) {
	selector, res, err := r.train(ctx, r.start, r.labelled, r.cfg.Selector, streamSelector+uint64(k), stage, "train", &out.Costs)
	if err != nil {
		return nil, err
	}
	out.Steps, out.Curve = res.steps, res.curve
	out.Correct, out.Total, err = r.evaluate(ctx, selector, &out.Costs)
	return selector, err
}

// choose scores the unlabelled samples and picks the next batch.
func (r *run) choose(ctx context.Context, k int, selector *network, folder string, out *round) error {
	rest := r.rest()
	chosen, err := r.rank(ctx, selector, rest, k, &out.Costs)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := scoring.NewRecordWriter(&b)
	for _, s := range chosen {
		out.Selected = append(out.Selected, rest[s.Record.Index])
		rec := s.Record
		rec.Index, rec.Features = rest[rec.Index], nil
		if err := w.Write(rec); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if k == len(r.cfg.Label.Add)-1 {
		if out.Selection, err = r.selection(chosen, rest); err != nil {
			return err
		}
	}
	return atomicfile.WriteBytes(filepath.Join(folder, selectedFile), 0o644, b.Bytes())
}

// rank is a pass of the selector over the rest of the pool and the choice of
// the round's batch.
func (r *run) rank(ctx context.Context, selector *network, rest []int, k int, costs *[]report.Cost) ([]selection.Selected, error) {
	pass, records, err := r.scorePool(ctx, selector, rest, costs)
	if err != nil {
		return nil, err
	}
	defer pass.model.Close()
	var chosen []selection.Selected
	err = r.timed("rank", nil, 0, costs, func() (int64, error) {
		label := r.cfg.Label
		choice := selection.Choice{Strategy: label.Strategy, K: label.Add[k], Seed: r.cfg.Seed, Measure: label.Measure, Params: label.Params}
		if pass.strategy.Labelled != selection.Unused {
			if choice.Labelled, err = pass.labelled(ctx, r.labelled); err != nil {
				return 0, err
			}
		}
		chosen, err = selection.Choose(ctx, each(records), choice)
		return int64(len(records)), err
	})
	return chosen, err
}

// scorePool passes samples of the pool through a network. The caller closes
// the pass's model.
func (r *run) scorePool(ctx context.Context, n *network, indices []int, costs *[]report.Cost) (*pass, []scoring.Record, error) {
	strategy, err := r.cfg.Label.CheckStrategy()
	if err != nil {
		return nil, nil, err
	}
	p, err := r.pass(ctx, n, strategy)
	if err != nil {
		return nil, nil, err
	}
	var records []scoring.Record
	err = r.timed("score", n, 1, costs, func() (int64, error) {
		records, err = p.score(ctx, indices, fmt.Sprintf("score %s images with the %s network", count(len(indices)), n.role))
		return int64(len(indices)), err
	})
	if err != nil {
		p.model.Close()
		return nil, nil, err
	}
	return p, records, nil
}

func each(records []scoring.Record) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for _, rec := range records {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// pass is a selector ready to score samples of the pool.
type pass struct {
	run           *run
	model         *scoring.Model
	strategy      selection.Strategy
	probabilities bool // the network ends in Softmax
}

func (r *run) pass(ctx context.Context, n *network, s selection.Strategy) (*pass, error) {
	o := scoring.ModelOptions{Session: r.opts.Session}
	head, err := scoring.FindHead(n.model, "")
	switch {
	case s.Features && err != nil:
		return nil, err
	case s.Features:
		o.Features = head.Features
	}
	m, err := scoring.NewModel(ctx, n.model, o)
	return &pass{r, m, s, head.Probabilities}, err
}

func (p *pass) score(ctx context.Context, indices []int, stage string) ([]scoring.Record, error) {
	pool, err := data.Prepare(data.Subset(p.run.pool, indices), p.run.pre)
	if err != nil {
		return nil, err
	}
	progress := func(done, total int) {
		p.run.opts.tell(Event{Stage: stage, Done: int64(done), Total: int64(total), Unit: "images"})
	}
	progress(0, len(indices))
	o := scoring.Options{Seed: p.run.cfg.Seed, Probabilities: p.probabilities, Progress: progress}
	o.Features, o.Distribution = p.strategy.Features, p.strategy.Probabilities
	if p.strategy.Measure != "" {
		o.Measures = []string{p.strategy.Measure}
	}
	records := make([]scoring.Record, 0, len(indices))
	for rec, err := range scoring.Score(ctx, p.model, pool, o) {
		if err != nil {
			return nil, err
		}
		records = append(records, rec)
	}
	return records, nil
}

// labelled is what the strategy makes use of of samples that have a label.
func (p *pass) labelled(ctx context.Context, indices []int) (selection.Candidates, error) {
	records, err := p.score(ctx, indices, "features of the labelled images")
	if err != nil {
		return selection.Candidates{}, err
	}
	set, err := selection.Gather(each(records), p.strategy.Needs)
	if err != nil {
		return selection.Candidates{}, err
	}
	return *set, nil
}

// syncs reports whether the full network is trained and pruned anew after
// round k.
func (r *run) syncs(k int) bool { return r.cfg.Label.Sync > 0 && (k+1)%r.cfg.Label.Sync == 0 }

// sync fuses the selector, trains the full network on the labels so far and
// keeps it as what the next selector is pruned from.
func (r *run) sync(ctx context.Context, selector *network, folder string, out *round) error {
	var fused *onnxio.Model
	err := r.timed("fuse", nil, 0, &out.Costs, func() (_ int64, err error) {
		fused, err = fusion.Fuse(r.parent.model, selector.model, r.fuseOptions())
		return 0, err
	})
	if err != nil {
		return err
	}
	n := r.dense.with(fused)
	n.role = "fused"
	labelled := append(append([]int(nil), r.labelled...), out.Selected...)
	trained, _, err := r.train(ctx, n, labelled, r.cfg.Final, streamFinal+uint64(len(labelled)), fmt.Sprintf("train the full network on %s labels", count(len(labelled))), "synchronise", &out.Costs)
	if err != nil {
		return err
	}
	out.Synced = true
	return r.save(filepath.Join(filepath.Base(folder), parentFile), trained.model)
}

func (r *run) fuseOptions() fusion.Options {
	return fusion.Options{Rest: fusion.Rest(r.cfg.Fuse.Rest), Seed: r.cfg.Seed}
}
