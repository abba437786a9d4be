package prunefuse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/training"
)

// trained is what a training did, for the report.
type trained struct {
	steps  int
	waited float64 // seconds, for samples
	curve  report.Curve
}

// train fits a network to labelled samples of the pool by a recipe. The
// stream, with the run's seed, determines the order and the augmentation.
func (r *run) train(ctx context.Context, n *network, labelled []int, t config.Training, stream uint64, stage, module string, costs *[]report.Cost) (*network, *trained, error) {
	set, err := data.Prepare(data.Subset(r.pool, labelled), data.Preprocess{})
	if err != nil {
		return nil, nil, err
	}
	o := t.Options()
	o.Step.Session = r.opts.Session
	o.Normalize = training.Normalize{Mean: r.pre.Mean, Std: r.pre.Std}
	o.Seed = rand.NewPCG(r.cfg.Seed, stream).Uint64()
	o.OnStart = func(done, steps int) {
		r.opts.tell(Event{Stage: stage, Done: int64(done), Total: int64(steps), Unit: "steps"})
	}
	o.Progress = func(p training.Progress) {
		r.opts.tell(Event{
			Stage: stage, Done: int64(p.Step), Total: int64(p.Steps), Unit: "steps",
			Note: fmt.Sprintf("loss %.3f, accuracy %.1f %%", p.Loss, 100*p.Accuracy),
		})
	}
	var out *network
	res := &trained{curve: report.Curve{Name: stage}}
	err = r.timed(module, n, trainingPasses, costs, func() (int64, error) {
		m, h, err := training.Train(ctx, n.model, set, o)
		if err != nil {
			return 0, err
		}
		out, res.steps = n.with(m), h.Steps
		for _, e := range h.Epochs {
			res.curve.Loss = append(res.curve.Loss, e.Loss)
			res.curve.Accuracy = append(res.curve.Accuracy, e.Train)
			res.curve.Rate = append(res.curve.Rate, shortest(e.Rate))
		}
		res.waited = h.Waited
		return int64(h.Samples), nil
	})
	if err == nil {
		(*costs)[len(*costs)-1].Waited = res.waited
	}
	return out, res, err
}

// shortest is the float64 that reads like v: 0.1 for the float32 nearest to 0.1.
func shortest(v float32) float64 {
	x, err := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	if err != nil {
		panic("BUG: a formatted number does not parse: " + err.Error())
	}
	return x
}

// evaluate counts the test images that a network gets right.
func (r *run) evaluate(ctx context.Context, n *network, costs *[]report.Cost) (correct, total int, err error) {
	set, err := data.Prepare(r.test, data.Preprocess{})
	if err != nil {
		return 0, 0, err
	}
	err = r.timed("evaluate", n, 1, costs, func() (int64, error) {
		e, err := training.Evaluate(ctx, n.model, set, training.EvalOptions{
			Session: r.opts.Session, Normalize: training.Normalize{Mean: r.pre.Mean, Std: r.pre.Std},
		})
		if err != nil {
			return 0, err
		}
		correct, total = e.Correct, e.Samples
		return int64(total), nil
	})
	return correct, total, err
}
