package selection

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"

	"github.com/prunefuse/prunefuse/scoring"
)

// Candidates are samples in memory: those that a strategy which looks at the whole
// pool chooses from, or those that have a label.
type Candidates struct {
	Records       []scoring.Record // without their Features and Probabilities
	Features      Features         // row i is that of Records[i]; empty where not needed
	Probabilities Features         // class probabilities, the same
}

// Gather holds the records of a sequence in the order of their indices,
// whatever order they come in, with what a strategy needs of each. It ends at
// the first error, and a sample that comes twice is one.
func Gather(records iter.Seq2[scoring.Record, error], n Needs) (*Candidates, error) {
	c := &Candidates{}
	for r, err := range records {
		if err != nil {
			return nil, err
		}
		if n.Features {
			if err := c.Features.push(r.Features, "features", &r); err != nil {
				return nil, err
			}
		}
		if n.Probabilities {
			if err := c.Probabilities.push(r.Probabilities, "class probabilities", &r); err != nil {
				return nil, err
			}
		}
		r.Features, r.Probabilities = nil, nil
		c.Records = append(c.Records, r)
	}
	return c, c.sort()
}

// push adds a row for a record.
func (f *Features) push(row []float32, what string, r *scoring.Record) error {
	if f.Dim == 0 {
		f.Dim = len(row)
	}
	if len(row) == 0 || len(row) != f.Dim {
		return fmt.Errorf("record %d (%s) has %d %s, the first one %d", r.Index, r.ID, len(row), what, f.Dim)
	}
	f.Data = append(f.Data, row...)
	return nil
}

func (c *Candidates) sort() error {
	byIndex := func(a, b scoring.Record) int { return cmp.Compare(a.Index, b.Index) }
	if !slices.IsSortedFunc(c.Records, byIndex) {
		order := make([]int, len(c.Records))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return byIndex(c.Records[a], c.Records[b]) })
		*c = c.rows(order)
	}
	for i := 1; i < len(c.Records); i++ {
		if a, b := c.Records[i-1], c.Records[i]; a.Index == b.Index {
			return fmt.Errorf("select: index %d appears twice, as %q and %q", a.Index, a.ID, b.ID)
		}
	}
	return nil
}

// rows returns some of the candidates, copied.
func (c *Candidates) rows(which []int) Candidates {
	out := Candidates{
		Records:  make([]scoring.Record, len(which)),
		Features: c.Features.rows(which), Probabilities: c.Probabilities.rows(which),
	}
	for i, row := range which {
		out.Records[i] = c.Records[row]
	}
	return out
}

func (f Features) rows(which []int) Features {
	out := Features{Dim: f.Dim}
	if f.Len() == 0 {
		return out
	}
	out.Data = make([]float32, 0, len(which)*f.Dim)
	for _, i := range which {
		out.Data = append(out.Data, f.Row(i)...)
	}
	return out
}

// Picked is one choice among Candidates.
type Picked struct {
	Row     int
	Score   float64 // by which it was chosen; its strategy says in which unit
	Cluster int     // from 1; 0 where the strategy makes none
}

// task asks a strategy that looks at the whole pool.
type task struct {
	Choice
	strategy       Strategy
	measure        scoring.Measure
	pool, labelled Candidates
	k              int
	workers        int
	progress       func(done, total int)
}

func (t *task) param(name string) float64 { return t.Choice.param(t.strategy, name) }

// n returns the size of the pool.
func (t *task) n() int { return len(t.pool.Records) }

// values returns the measure of each sample, as it is.
func (t *task) values() ([]float64, error) {
	out := make([]float64, t.n())
	for i := range out {
		var err error
		if out[i], err = scoreOf(&t.pool.Records[i], t.measure.Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// weights returns the measure of each sample, turned so that more uncertain
// weighs more.
func (t *task) weights() ([]float64, error) {
	out := make([]float64, t.n())
	for i := range out {
		var err error
		if out[i], err = weightOf(&t.pool.Records[i], t.measure); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Choose chooses among the candidates, which it leaves as they are, by any
// strategy that looks at the whole pool.
func (c *Candidates) Choose(ctx context.Context, o Choice) ([]Selected, error) {
	s, err := o.Check()
	if err != nil {
		return nil, err
	}
	t := &task{Choice: o, strategy: s, pool: *c, labelled: o.Labelled, k: o.K, workers: o.Workers, progress: o.Progress}
	if t.workers <= 0 {
		t.workers = runtime.GOMAXPROCS(0)
	}
	if t.progress == nil {
		t.progress = func(int, int) {}
	}
	if err := t.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	picked, err := s.pick(ctx, t)
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.Name, err)
	}
	near := t.neighbours(ctx, picked)
	out := make([]Selected, len(picked))
	for i, p := range picked {
		out[i] = Selected{Rank: i + 1, Score: p.Score, Record: c.Records[p.Row], Cluster: p.Cluster - 1, Nearest: near[i]}
	}
	return out, nil
}

// check finds what the strategy cannot work with.
func (t *task) check() error {
	s := t.strategy
	if s.pick == nil {
		return fmt.Errorf("it streams: use Select or a Selector")
	}
	if t.n() < t.k {
		return fmt.Errorf("select %d of %d samples: %w", t.k, t.n(), ErrTooFew)
	}
	if s.Measure != "" {
		var err error
		if t.measure, err = scoring.MeasureNamed(s.Measure); err != nil {
			panic("BUG: strategy " + s.Name + ": " + err.Error())
		}
	}
	if s.Features {
		if err := t.checkRows("features", t.pool.Features, t.labelled.Features); err != nil {
			return err
		}
	}
	if s.Probabilities {
		if err := t.checkRows("class probabilities", t.pool.Probabilities, t.labelled.Probabilities); err != nil {
			return err
		}
	}
	if s.Features && s.Probabilities && s.Labelled != Unused && t.labelled.Features.Len() != t.labelled.Probabilities.Len() {
		return fmt.Errorf("the labelled set has %d rows of features and %d of class probabilities",
			t.labelled.Features.Len(), t.labelled.Probabilities.Len())
	}
	if s.Labels {
		for _, r := range t.pool.Records {
			if r.Label == nil {
				return fmt.Errorf("record %d (%s) has no label: this strategy chooses from a labelled set", r.Index, r.ID)
			}
		}
	}
	return nil
}

func (t *task) checkRows(what string, pool, labelled Features) error {
	if err := pool.check(what + " of the pool"); err != nil {
		return err
	}
	if pool.Len() != t.n() {
		return fmt.Errorf("%d rows of %s for %d samples", pool.Len(), what, t.n())
	}
	switch {
	case t.strategy.Labelled == Unused:
		return nil
	case labelled.Len() == 0 && t.strategy.Labelled == Required:
		return fmt.Errorf("it needs the labelled set with its %s", what)
	case labelled.Len() == 0:
		return nil
	case labelled.Dim != pool.Dim:
		return fmt.Errorf("the labelled set has %d %s a sample and the pool %d", labelled.Dim, what, pool.Dim)
	}
	return labelled.check(what + " of the labelled set")
}
