package selection

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"strings"

	"github.com/prunefuse/prunefuse/internal/seeded"
	"github.com/prunefuse/prunefuse/scoring"
)

// ErrTooFew says that more samples were asked for than there are.
var ErrTooFew = errors.New("not enough samples")

// Selected is one sample of the batch to label, with the score that it was chosen by.
type Selected struct {
	Rank int // from 1, the first to label
	// Score is the one the strategy goes by: for a strategy that ranks by a measure,
	// that measure turned so that larger is labelled first (a margin of 0.2
	// is −0.2); for k-center, Center.Distance; other strategies say their own.
	Score  float64
	Record scoring.Record
	// Cluster is the one it was chosen from, -1 where the strategy makes none.
	Cluster int
	// Nearest is nil where the strategy has no features of a labelled set.
	Nearest *Neighbour
}

// Selector ranks a stream of records by a strategy in O(k) memory. Ties go
// to the lower index, so that the same records give the same batch in
// whatever order and in however many parts they come. Not safe for
// concurrent use.
type Selector struct {
	choice   Choice
	strategy Strategy
	measure  scoring.Measure
	seen     int
	top      *TopK[scoring.Record]
}

// NewSelector chooses by a strategy that needs nothing but one record at a
// time. A random score that a record holds is not used: the seed of the
// choice is.
func NewSelector(c Choice) (*Selector, error) {
	s, err := c.Check()
	if err != nil {
		return nil, err
	}
	if s.WholePool() {
		return nil, fmt.Errorf("strategy %q looks at the whole pool and cannot stream", s.Name)
	}
	m, err := scoring.MeasureNamed(s.Measure)
	if err != nil {
		panic("BUG: strategy " + s.Name + ": " + err.Error())
	}
	return &Selector{choice: c, strategy: s, measure: m, top: NewTopK[scoring.Record](c.K)}, nil
}

// Add offers one record.
func (s *Selector) Add(r scoring.Record) error {
	var u float64
	switch {
	case !s.strategy.Scores:
		u = seeded.Uniform(s.choice.Seed, r.ID)
	case s.strategy.perturb != nil:
		w, err := weightOf(&r, s.measure)
		if err != nil {
			return err
		}
		e := -math.Log1p(-seeded.Positive(s.choice.Seed, r.ID))
		u = s.strategy.perturb(w, s.choice.param(s.strategy, temperature.Name), e)
	default:
		v, err := scoreOf(&r, s.measure.Name)
		if err != nil {
			return err
		}
		u = s.measure.Uncertainty(v)
	}
	s.seen++
	if s.top.Takes(u, r.Index) {
		s.top.Add(u, r.Index, r.Clone())
	}
	return nil
}

// scoreOf returns a score that must be there and be a number.
func scoreOf(r *scoring.Record, name string) (float64, error) {
	v, ok := r.Scores.Of(name)
	if !ok {
		has := strings.Join(r.Scores.Names(), ", ")
		return 0, fmt.Errorf("record %d (%s) has no score %q, only: %s", r.Index, r.ID, name, has)
	}
	if math.IsNaN(v) {
		return 0, fmt.Errorf("record %d (%s): score %q is not a number", r.Index, r.ID, name)
	}
	return v, nil
}

// weightOf returns a score as a weight, which is finite.
func weightOf(r *scoring.Record, m scoring.Measure) (float64, error) {
	v, err := scoreOf(r, m.Name)
	if err == nil && math.IsInf(v, 0) {
		err = fmt.Errorf("record %d (%s): score %q is %g and cannot be a weight", r.Index, r.ID, m.Name, v)
	}
	return m.Weight(v), err
}

// Merge takes in what another Selector of the same strategy, k and seed has
// seen, such as that of another shard.
func (s *Selector) Merge(o *Selector) error {
	if a, b := s.choice, o.choice; a.Strategy != b.Strategy || a.Measure != b.Measure || a.K != b.K || a.Seed != b.Seed || !maps.Equal(a.Params, b.Params) {
		return fmt.Errorf("merge selections: %s of %d with seed %d and %s of %d with seed %d do not match",
			a.Strategy, a.K, a.Seed, b.Strategy, b.K, b.Seed)
	}
	s.seen += o.seen
	s.top.Merge(o.top)
	return nil
}

// Selected returns the batch, the most uncertain first. Fewer than k records is
// ErrTooFew, and the same index twice an error: a sample is never chosen
// twice.
func (s *Selector) Selected() ([]Selected, error) {
	if s.seen < s.choice.K {
		return nil, fmt.Errorf("select %d of %d samples: %w", s.choice.K, s.seen, ErrTooFew)
	}
	out := make([]Selected, 0, s.choice.K)
	at := make(map[int]string, s.choice.K)
	for i, e := range s.top.Sorted() {
		if id, twice := at[e.Index]; twice {
			return nil, fmt.Errorf("select: index %d appears twice, as %q and %q", e.Index, id, e.Value.ID)
		}
		at[e.Index] = e.Value.ID
		out = append(out, Selected{Rank: i + 1, Score: e.Score, Record: e.Value, Cluster: -1})
	}
	return out, nil
}

// Select chooses the k records to label first by a strategy with its own
// settings, best first, from a pass over a pool or a score file. It ends at
// the first error of the sequence.
func Select(records iter.Seq2[scoring.Record, error], strategy string, k int, seed uint64) ([]Selected, error) {
	return Choose(context.Background(), records, Choice{Strategy: strategy, K: k, Seed: seed})
}

// Choose chooses the records to label first, best first. It ends at the first
// error of the sequence. A strategy that looks at the whole pool takes what
// it needs from the Features and Probabilities of the records.
func Choose(ctx context.Context, records iter.Seq2[scoring.Record, error], c Choice) ([]Selected, error) {
	s, err := c.Check()
	if err != nil {
		return nil, err
	}
	if s.WholePool() {
		pool, err := Gather(records, s.Needs)
		if err != nil {
			return nil, err
		}
		return pool.Choose(ctx, c)
	}
	sel, err := NewSelector(c)
	if err != nil {
		return nil, err
	}
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if err := sel.Add(r); err != nil {
			return nil, err
		}
	}
	return sel.Selected()
}

// NoClass is the predicted class of a sample that no model was asked about.
const NoClass = -1

// Names returns records of samples that no model was asked about, for a strategy that
// goes by names.
func Names(indices iter.Seq[int], id func(int) string) iter.Seq2[scoring.Record, error] {
	return func(yield func(scoring.Record, error) bool) {
		for i := range indices {
			if !yield(scoring.Record{Index: i, ID: id(i), Class: NoClass}, nil) {
				return
			}
		}
	}
}
