package scoring

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"strings"
)

// ErrTooFew says that more samples were asked for than there are.
var ErrTooFew = errors.New("not enough samples")

// Selected is one sample of the batch to label, with what it was chosen by.
type Selected struct {
	Rank int // from 1, the first to label
	// Score is what the strategy goes by: for one that ranks by a measure,
	// that measure turned so that larger is labelled first (a margin of 0.2
	// is −0.2); for k-center, Center.Distance.
	Score  float64
	Record Record
}

// Selector ranks a stream of records by a strategy in O(k) memory. Ties go
// to the lower index, so that the same records give the same batch in
// whatever order and in however many parts they come. Not safe for
// concurrent use.
type Selector struct {
	strategy Strategy
	measure  Measure
	k        int
	seed     uint64
	seen     int
	top      *TopK[Record]
}

// NewSelector chooses k samples by a strategy that needs nothing but the
// records. The seed is that of random; a random score that a record holds
// is not used.
func NewSelector(strategy string, k int, seed uint64) (*Selector, error) {
	s, err := StrategyNamed(strategy)
	if err != nil {
		return nil, err
	}
	if s.Measure == "" {
		return nil, fmt.Errorf("strategy %q needs the features of the whole pool and cannot stream", strategy)
	}
	if k < 1 {
		return nil, fmt.Errorf("select %d samples: the number must be at least 1", k)
	}
	m, err := MeasureNamed(s.Measure)
	if err != nil {
		panic("BUG: strategy " + s.Name + ": " + err.Error())
	}
	return &Selector{strategy: s, measure: m, k: k, seed: seed, top: NewTopK[Record](k)}, nil
}

// Add offers one record.
func (s *Selector) Add(r Record) error {
	var u float64
	if s.strategy.Scores {
		v, ok := r.Scores.Of(s.measure.Name)
		if !ok {
			has := strings.Join(r.Scores.Names(), ", ")
			return fmt.Errorf("record %d (%s) has no score %q, only: %s", r.Index, r.ID, s.measure.Name, has)
		}
		if math.IsNaN(v) {
			return fmt.Errorf("record %d (%s): score %q is not a number", r.Index, r.ID, s.measure.Name)
		}
		u = s.measure.Uncertainty(v)
	} else {
		u = s.measure.Uncertainty(s.measure.Of(&Row{Draw: draw(s.seed, r.ID)}))
	}
	s.seen++
	s.top.Add(u, r.Index, r)
	return nil
}

// Merge takes in what another Selector of the same strategy, k and seed has
// seen, such as that of another shard.
func (s *Selector) Merge(o *Selector) error {
	if s.strategy.Name != o.strategy.Name || s.k != o.k || s.seed != o.seed {
		return fmt.Errorf("merge selections: %s of %d with seed %d and %s of %d with seed %d do not match",
			s.strategy.Name, s.k, s.seed, o.strategy.Name, o.k, o.seed)
	}
	s.seen += o.seen
	s.top.Merge(o.top)
	return nil
}

// Selected is the batch, the most uncertain first. Fewer than k records is
// ErrTooFew, and the same index twice an error: a sample is never chosen
// twice.
func (s *Selector) Selected() ([]Selected, error) {
	if s.seen < s.k {
		return nil, fmt.Errorf("select %d of %d samples: %w", s.k, s.seen, ErrTooFew)
	}
	out := make([]Selected, 0, s.k)
	at := make(map[int]string, s.k)
	for i, e := range s.top.Sorted() {
		if id, twice := at[e.Index]; twice {
			return nil, fmt.Errorf("select: index %d appears twice, as %q and %q", e.Index, id, e.Value.ID)
		}
		at[e.Index] = e.Value.ID
		out = append(out, Selected{Rank: i + 1, Score: e.Score, Record: e.Value})
	}
	return out, nil
}

// Select chooses the k records to label first, best first, from a pass over
// a pool or a score file. It ends at the first error of the sequence.
func Select(records iter.Seq2[Record, error], strategy string, k int, seed uint64) ([]Selected, error) {
	s, err := NewSelector(strategy, k, seed)
	if err != nil {
		return nil, err
	}
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if err := s.Add(r); err != nil {
			return nil, err
		}
	}
	return s.Selected()
}

// SelectKCenter chooses k records by KCenter on their Features, in its order.
// It holds all of them, so its memory grows with the pool.
func SelectKCenter(ctx context.Context, records iter.Seq2[Record, error], k int, o KCenterOptions) ([]Selected, error) {
	var pool Features
	var held []Record
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if len(held) == 0 {
			pool.Dim = len(r.Features)
		}
		if len(r.Features) == 0 || len(r.Features) != pool.Dim {
			return nil, fmt.Errorf("record %d (%s) has %d features, the first one %d", r.Index, r.ID, len(r.Features), pool.Dim)
		}
		pool.Data = append(pool.Data, r.Features...)
		r.Features = nil
		held = append(held, r)
	}
	if len(held) < k {
		return nil, fmt.Errorf("select %d of %d samples: %w", k, len(held), ErrTooFew)
	}
	centres, err := KCenter(ctx, pool, k, o)
	if err != nil {
		return nil, err
	}
	out := make([]Selected, k)
	for i, c := range centres {
		out[i] = Selected{Rank: i + 1, Score: c.Distance, Record: held[c.Index]}
	}
	return out, nil
}
