package loop

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/job"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// judge compares how the selector and the trained full network rank samples without a
// label: whether the one chooses as the other would.
type judge struct {
	round int
	final bool // against the network at the end, else that of the last synchronisation
}

func (j judge) Name() string {
	if j.final {
		return "judge"
	}
	return roundFolder(j.round) + "/judge"
}

// probeMeasure is what samples are ranked by where the strategy goes by no measure.
const probeMeasure = "margin"

func (j judge) Run(ctx context.Context, env Env, s State) (Event, error) {
	strategy, err := env.spec.Config.Label.CheckStrategy()
	if err != nil {
		return Event{}, err
	}
	measure := strategy.Measure
	if !strategy.Scores {
		measure = probeMeasure
	}
	full := s.Parent
	if j.final {
		full = s.Trained
	}
	probe, err := env.probe(s)
	if err != nil {
		return Event{}, err
	}
	out := &judged{Judgement{Labels: s.Labelled(), Measure: measure}}
	if probe.Len() < leastProbe {
		return Event{Body: out}, nil
	}
	var scores [2]map[int]float64
	for i, n := range []Network{s.Selector, full} {
		if scores[i], err = env.scoresOf(ctx, n, probe, measure, fmt.Sprintf("%s-%d", j.Name(), i)); err != nil {
			return Event{}, err
		}
	}
	m, err := scoring.MeasureNamed(measure)
	if err != nil {
		return Event{}, err
	}
	out.compare(scores[0], scores[1], m.Order == scoring.LowestFirst)
	samples := int64(out.Probe)
	return Event{Work: Work{Module: "judge", Samples: 2 * samples, MACs: samples * (s.Selector.MACs + full.MACs)}, Body: out}, nil
}

// leastProbe is how few samples say nothing of two rankings.
const leastProbe = 20

// probe draws the samples without a label that are compared.
func (e Env) probe(s State) (*job.Samples, error) {
	indices, err := e.settled(s)
	if err != nil {
		return nil, err
	}
	free := data.Without(e.pool, indices)
	out := job.NewSamples(e.pool.Len())
	for _, at := range draw(e.spec.Config.Seed, streamProbe+uint64(len(s.Labels)), free.Len(), min(e.spec.Config.Probe, free.Len())) {
		out.Add(free.At(at))
	}
	return out, nil
}

// scoresOf returns the measure of samples by a network, by their places in the pool.
func (e Env) scoresOf(ctx context.Context, n Network, samples *job.Samples, measure, name string) (map[int]float64, error) {
	pass, err := e.openSamples(ctx, n, samples, name, selection.Strategy{Measure: measure}, "")
	if err != nil {
		return nil, err
	}
	defer pass.Close()
	out := map[int]float64{}
	for r, err := range pass.Records(ctx) {
		if err != nil {
			return nil, err
		}
		out[r.Index], _ = r.Scores.Of(measure)
	}
	return out, nil
}

// Judgement is how alike two networks rank the same samples.
type Judgement struct {
	Labels  int     `json:"labels"` // that the selector was trained on
	Measure string  `json:"measure"`
	Probe   int     `json:"probe"`   // samples that both have ranked; 0 where too few had no label
	Rank    float64 `json:"rank"`    // Spearman's correlation
	Top     int     `json:"top"`     // so many of the first by each …
	Overlap int     `json:"overlap"` // … have so many in common
}

// topShare is the share of the samples that counts as those which each would choose.
const topShare = 0.1

// compare fills in how alike two rankings are, in which the lowest or the highest value
// comes first.
func (j *Judgement) compare(a, b map[int]float64, lowest bool) {
	var places []int
	for i := range a {
		if _, both := b[i]; both {
			places = append(places, i)
		}
	}
	slices.Sort(places)
	x, y := make([]float64, len(places)), make([]float64, len(places))
	for k, i := range places {
		x[k], y[k] = a[i], b[i]
	}
	j.Probe, j.Rank = len(places), spearman(x, y)
	j.Top = int(math.Ceil(topShare * float64(len(places))))
	first := firstOf(y, j.Top, lowest)
	for _, k := range firstOf(x, j.Top, lowest) {
		if slices.Contains(first, k) {
			j.Overlap++
		}
	}
}

// spearman is the correlation of ranks, those of equal values their mean; 0 where one
// side has equal values alone.
func spearman(x, y []float64) float64 {
	r := stat.Correlation(ranks(x), ranks(y), nil)
	if math.IsNaN(r) {
		return 0
	}
	return r
}

func ranks(values []float64) []float64 {
	order := firstOf(values, len(values), true)
	out := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, k := range order[from:to] {
			out[k] = float64(from+to-1) / 2
		}
		from = to
	}
	return out
}

// firstOf lists the places of the n lowest, or highest, values, the first one first.
func firstOf(values []float64, n int, lowest bool) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		if lowest {
			return cmp.Compare(values[a], values[b])
		}
		return cmp.Compare(values[b], values[a])
	})
	return order[:n]
}

// Text says what the judgement means.
func (j Judgement) Text() string {
	means := "the selector chooses much as the full network would"
	switch {
	case j.Rank < 0.4:
		means = "the selector chooses otherwise than the full network would: prune less, or synchronise (label.sync) more often"
	case j.Rank < 0.7:
		means = "the selector chooses partly as the full network would: pruning less may choose better"
	}
	return fmt.Sprintf("On %s samples without a label the %s of the selector and of the trained full network have a rank correlation of %.2f, and %d of the first %d are the same: %s.",
		count(j.Probe), j.Measure, j.Rank, j.Overlap, j.Top, means)
}

// judged is a judgement of a round.
type judged struct{ Judgement }

func (*judged) kind() string { return "judged" }

func (j *judged) apply(s *State) { s.Judgements = append(slices.Clip(s.Judgements), j.Judgement) }
