package prunefuse

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/onnxio"
)

// finish fuses the last selector, fine-tunes and exports, and tests each
// network.
func (r *run) finish(ctx context.Context) error {
	last := len(r.cfg.Label.Add)
	m, err := onnxio.Load(filepath.Join(r.dir.Round(last), SelectorFile))
	if err != nil {
		return err
	}
	selector := r.start.with(m)
	if err := r.save(SelectorFile, m); err != nil {
		return err
	}
	out := r.rounds[last]
	r.score(report.RoleSelector, "Selector", out.Correct, out.Total)

	fused, err := r.fuse(selector, &r.rep.Ledger)
	if err != nil {
		return err
	}
	if err := r.save(FusedInitFile, fused.model); err != nil {
		return err
	}
	if err := r.assess(ctx, fused, report.RoleFused, "Fused, before fine-tuning", &r.rep.Ledger); err != nil {
		return err
	}
	tuned, res, err := r.train(ctx, fused, r.labelled, r.cfg.Final, streamFinal, "fine-tune the fused network", "fine-tune", &r.rep.Ledger)
	if err != nil {
		return err
	}
	r.rep.Curves = append(r.rep.Curves, res.curve)
	if err := r.save(FusedFile, tuned.model); err != nil {
		return err
	}
	if err := r.assess(ctx, tuned, report.RoleFineTuned, "Fused and fine-tuned", &r.rep.Ledger); err != nil {
		return err
	}
	return r.export(ctx, tuned)
}

func (r *run) fuse(selector *network, costs *[]report.Cost) (*network, error) {
	var m *onnxio.Model
	err := r.timed("fuse", nil, 0, costs, func() (_ int64, err error) {
		m, err = fusion.Fuse(r.parent.model, selector.model, r.fuseOptions())
		return 0, err
	})
	if err != nil {
		return nil, err
	}
	n := r.dense.with(m)
	n.role = "fused"
	return n, nil
}

func (r *run) export(ctx context.Context, n *network) error {
	r.opts.say("export for deployment")
	return r.timed("export", n, 0, &r.rep.Ledger, func() (int64, error) {
		m, _, err := export.Model(ctx, n.model, export.Options{Seed: r.cfg.Seed, Session: r.opts.Session})
		if err != nil {
			return 0, err
		}
		if r.deploy, err = newNetwork(m, "deploy"); err != nil {
			return 0, err
		}
		return 0, r.save(DeployFile, m)
	})
}

// assess evaluates a network and enters the outcome into the report.
func (r *run) assess(ctx context.Context, n *network, role report.Role, name string, costs *[]report.Cost) error {
	correct, total, err := r.evaluate(ctx, n, costs)
	if err != nil {
		return err
	}
	r.score(role, name, correct, total)
	return nil
}

func (r *run) score(role report.Role, name string, correct, total int) {
	r.rep.Accuracies = append(r.rep.Accuracies, report.Accuracy{Role: role, Name: name, Labels: len(r.labelled), Correct: correct, Total: total})
}

// compare runs what the result is compared with.
func (r *run) compare(ctx context.Context) error {
	for _, name := range r.cfg.Compare {
		var costs []report.Cost
		var err error
		switch name {
		case "dense":
			err = r.compareDense(ctx, &costs)
		case "random":
			err = r.compareRandom(ctx, &costs)
		}
		if err != nil {
			return fmt.Errorf("compare with %s: %w", name, err)
		}
		for _, c := range costs {
			c.Comparison = true
			r.rep.Spend(c)
		}
	}
	return nil
}

// compareDense trains the dense network from scratch on the labels of the
// result for the steps of the fine-tuning, and measures what selecting with
// it would have cost: a pass over the pool of the first selection, and its
// time a step for the steps that the selectors took.
func (r *run) compareDense(ctx context.Context, costs *[]report.Cost) error {
	trained, res, err := r.train(ctx, r.dense, r.labelled, r.cfg.Final, streamFinal, "train the dense network from scratch", "train", costs)
	if err != nil {
		return err
	}
	r.rep.Curves = append(r.rep.Curves, res.curve)
	if err := r.assess(ctx, trained, report.RoleDenseScratch, "Dense, from scratch", costs); err != nil {
		return err
	}
	train := (*costs)[0]
	all := r.labelled
	r.labelled = all[:r.cfg.Label.Initial]
	rest := r.rest()
	r.labelled = all
	p, _, err := r.scorePool(ctx, trained, rest, costs)
	if err != nil {
		return err
	}
	p.model.Close()
	r.rep.CostRatio = r.costRatio(train, (*costs)[len(*costs)-1])
	return nil
}

// costRatio sets the selections that the run made against the same ones made
// with the dense network.
func (r *run) costRatio(denseTrain, denseScore report.Cost) *report.CostRatio {
	out := &report.CostRatio{
		Basis: "Training and scoring before each selection, wall clock. For the dense network: its measured time per training image and per scored image, times the images that the selector trained on and scored.",
	}
	for _, round := range r.rounds[:len(r.rounds)-1] {
		for _, c := range round.Costs {
			var dense report.Cost
			switch c.Module {
			case "train":
				dense = denseTrain
			case "score":
				dense = denseScore
			default:
				continue
			}
			out.SelectorSeconds += c.Seconds
			out.SelectorMACs += c.MACs
			share := float64(c.Samples) / float64(dense.Samples)
			out.DenseSeconds += dense.Seconds * share
			out.DenseMACs += int64(float64(dense.MACs) * share)
		}
	}
	return out
}

// compareRandom is the method on as many labels drawn at random: the same
// first ones, then others.
func (r *run) compareRandom(ctx context.Context, costs *[]report.Cost) error {
	all := r.labelled
	defer func() { r.labelled = all }()
	r.labelled = append([]int(nil), all[:r.cfg.Label.Initial]...)
	rest := r.rest()
	for _, i := range draw(r.cfg.Seed, streamRandom, len(rest), len(all)-r.cfg.Label.Initial) {
		r.labelled = append(r.labelled, rest[i])
	}
	was, layers := *r, r.rep.Layers
	defer func() { r.parent, r.parentName, r.start, r.rep.Layers = was.parent, was.parentName, was.start, layers }()
	if r.parent != r.dense {
		r.parent, r.parentName = r.dense, DenseFile
		if err := r.prune(costs); err != nil {
			return err
		}
	}
	var out round
	selector, err := r.trainSelector(ctx, len(r.cfg.Label.Add), "train the selector on random labels", &out)
	if err != nil {
		return err
	}
	*costs = append(*costs, out.Costs...)
	r.rep.Curves = append(r.rep.Curves, out.Curve)
	fused, err := r.fuse(selector, costs)
	if err != nil {
		return err
	}
	tuned, res, err := r.train(ctx, fused, r.labelled, r.cfg.Final, streamFinal, "fine-tune on random labels", "fine-tune", costs)
	if err != nil {
		return err
	}
	r.rep.Curves = append(r.rep.Curves, res.curve)
	return r.assess(ctx, tuned, report.RoleRandom, "Fused and fine-tuned, random labels", costs)
}
