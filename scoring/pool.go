package scoring

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Pool is a collection of samples in a fixed order, as the model takes them:
// scoring changes nothing, so an augmented or shuffled view has no place
// here. ID, Label and Read are called from several goroutines at once.
type Pool interface {
	Len() int
	// Shape is that of every sample, without the batch: [C H W] or [D].
	Shape() []int
	// ID names sample i. It is unique in the pool, never empty, and the same
	// in every run and every shard.
	ID(i int) string
	// Read writes sample i to dst, which has room for exactly one. An error
	// is that sample's alone; dst may be left half-written.
	Read(i int, dst []float32) error
}

// Labels is what a Pool may offer besides: the class of sample i, or -1
// where it is not known. It goes into the records and has no part in the
// scores.
type Labels interface {
	Label(i int) int
}

// Classifier is the model that scores. Unless it is Tuned, it is used from one
// goroutine at a time.
type Classifier interface {
	// InputShape is that of one sample, without the batch.
	InputShape() []int
	// Classes is the number of logits a sample has.
	Classes() int
	// FeatureLen is the length of the input of the last layer, 0 when the
	// classifier does not give it.
	FeatureLen() int
	// Logits runs the n samples that batch holds one after the other. It
	// fills logits with n×Classes values and, unless that is nil, features
	// with n×FeatureLen. It returns early when ctx is done.
	Logits(ctx context.Context, batch []float32, n int, logits, features []float32) error
}

// Tuned is what a Classifier may offer besides: how it is best used.
type Tuned interface {
	// Lanes is the number of goroutines that may call Logits at a time.
	Lanes() int
	// Batch is the number of samples in a call where Options leave it open.
	Batch() int
}

// Skipped names a sample that has no score, and why.
type Skipped struct {
	Index int
	ID    string
	Err   error
}

// Error returns "sample ID: reason".
func (s Skipped) Error() string { return fmt.Sprintf("sample %s: %v", s.ID, s.Err) }

// Unwrap returns the reason, such as ErrNotFinite or what Read returned.
func (s Skipped) Unwrap() error { return s.Err }

// Options says how to go over a pool. The zero value computes every measure
// of the model's output, in batches that suit the classifier, with a reader a
// core, and stops at the first sample that has no score.
type Options struct {
	Batch    int      // samples in a batch; 0 is the classifier's choice, else 128
	Workers  int      // goroutines that read samples; 0 is one a core
	Measures []string // names of Measures(); nil is all of the model's output, and of an Ensemble's members
	Seed     uint64   // of the measure random

	// Probabilities says that the model ends in Softmax. Its output is then
	// checked to be a distribution and not put through another one.
	Probabilities bool
	// Features asks for the input of the last layer in every record.
	Features bool
	// Distribution asks for the class probabilities in every record.
	Distribution bool

	// First and End bound the samples to score: those from First on and before
	// End, where 0 is the end of the pool. Their indices are those of the pool.
	First, End int

	// Skip is told, in index order, of each sample that cannot be read or
	// whose output is not finite, and the others are scored. Where it is nil,
	// the first such sample ends the pass with a Skipped as its error.
	Skip func(Skipped)
	// Progress is told after each batch how many of the samples to score are
	// done.
	Progress func(done, total int)
}

// Score passes the pool through the classifier once and yields a record a
// sample in index order. The next samples are read while the model runs;
// memory depends on the batch, not on the pool. Everything that can be
// checked is checked before the model runs.
//
// An error ends the sequence. It is the context's when that was cancelled.
// Skip, Progress and the loop body run on the caller's goroutine, and when
// the loop ends, early or not, nothing uses the pool and the classifier any
// more.
func Score(ctx context.Context, c Classifier, p Pool, o Options) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s, err := newPass(c, p, o)
		if err == nil {
			err = s.run(ctx, func(r Record) bool { return yield(r, nil) })
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(Record{}, fmt.Errorf("score pool: %w", err))
		}
	}
}

// Check returns the error that Score would begin with: of a pool that does not fit
// the classifier, or of options that they cannot have.
func Check(c Classifier, p Pool, o Options) error {
	if _, err := newPass(c, p, o); err != nil {
		return fmt.Errorf("score pool: %w", err)
	}
	return nil
}

// defaultBatch is for classifiers that do not say.
const defaultBatch = 128

func newPass(c Classifier, p Pool, o Options) (*pass, error) {
	lanes, batch := tuning(c)
	if o.Batch <= 0 {
		o.Batch = batch
	}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	ensemble, members := asEnsemble(c)
	ms, err := measuresFor(o.Measures, members > 1)
	if err != nil {
		return nil, err
	}
	s := &pass{
		classifier: c, ensemble: ensemble, pool: p, opts: o, measures: ms, members: members,
		first: o.First, end: o.End, sample: size(p.Shape()), classes: c.Classes(), lanes: lanes,
	}
	slices.SortFunc(s.measures, func(a, b Measure) int { return strings.Compare(a.Name, b.Name) })
	for _, m := range s.measures {
		s.names = append(s.names, m.Name)
	}
	s.labels, _ = p.(Labels)
	if s.end == 0 {
		s.end = p.Len()
	}
	switch {
	case p.Len() == 0:
		return nil, errors.New("the pool is empty")
	case s.first < 0 || s.first > s.end || s.end > p.Len():
		return nil, fmt.Errorf("samples %d to %d are not in a pool of %d", s.first, s.end-1, p.Len())
	case !fits(p.Shape(), c.InputShape()):
		return nil, fmt.Errorf("the pool's samples are %s but the model takes %s",
			shapeText(p.Shape()), shapeText(c.InputShape()))
	case s.classes < 2:
		return nil, fmt.Errorf("the model has %d output: a score needs at least 2 classes", s.classes)
	}
	if o.Features {
		if s.features = c.FeatureLen(); s.features == 0 {
			return nil, errors.New("the model does not give the input of its last layer")
		}
	}
	s.opts.Batch = max(1, min(o.Batch, s.end-s.first))
	return s, nil
}

// asEnsemble returns the classifier as an ensemble, nil where it is a single
// model, and the number of its members.
func asEnsemble(c Classifier) (Ensemble, int) {
	if e, ok := c.(Ensemble); ok {
		return e, e.Members()
	}
	return nil, 1
}

// tuning returns how a classifier is best used.
func tuning(c Classifier) (lanes, batch int) {
	t, ok := c.(Tuned)
	if !ok {
		return 1, defaultBatch
	}
	if batch = t.Batch(); batch < 1 {
		batch = defaultBatch
	}
	return max(1, t.Lanes()), batch
}

// fits reports whether samples of a shape can be fed to an input: the same
// shape, or as many values for an input that is flat.
func fits(sample, input []int) bool {
	return slices.Equal(sample, input) || len(input) == 1 && input[0] == size(sample)
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

func shapeText(shape []int) string {
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	return strings.Join(dims, "×")
}

// CheckFinite names the first value of a row of features that is not finite, as
// ErrNotFinite.
func CheckFinite(features []float32) error {
	for i, v := range features {
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%w: feature %d is %g", ErrNotFinite, i, v)
		}
	}
	return nil
}
