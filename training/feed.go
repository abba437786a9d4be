package training

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// readAhead is the number of full batches in memory: one that the step takes
// and two that are read meanwhile.
const readAhead = 3

// These set the random streams of augmentation, of Dropout and of mixing apart
// from those of the order.
const (
	augmentStream = 0x9e3779b97f4a7c15
	dropStream    = 0xd1b54a32d192ed03
	mixStream     = 0x8cb92ba72f3d8dd7
)

// feed reads the batches of a run in order, ahead of whoever takes them.
//
// What is in a batch is a function of the seed, the epoch and the positions
// alone: every sample has a random stream of its own.
type feed struct {
	*reader
	teacher *teacher // nil for none
	seed    uint64
	workers int
	pace    pace
	first   int // the batch to start with
	end     int // and the one to stop before

	all   []*Batch
	full  chan *Batch // buffers of the usual size to be filled
	short chan *Batch // the one of an epoch's last batch, of another size
	out   chan *Batch // filled, in order
	jobs  chan job
	read  chan outcome // one for every job

	// Samples and targets as they are read, where the batch is mixed afterwards.
	raw, rawTarget []float32
}

// job is a piece of a batch that one goroutine reads, or mixes after all of
// the batch was read.
type job struct {
	b     *Batch
	epoch int
	start int          // of the indices within the batch
	index []int        // into the set
	blend *pixel.Blend // nil for reading
}

// outcome is what became of a job.
type outcome struct {
	start int
	err   error
}

// run fills batches until the last step or the end of ctx, then closes out.
func (f *feed) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	f.jobs = make(chan job)
	f.read = make(chan outcome, f.pieces())
	for range f.workers {
		g.Go(func() error {
			f.work(ctx)
			return nil
		})
	}
	g.Go(func() error {
		defer close(f.jobs)
		defer close(f.out)
		return f.dispatch(ctx)
	})
	return g.Wait()
}

// pieces returns the number of jobs a batch is cut into at most: more than there
// are workers, so that a slow sample does not keep all of them waiting.
func (f *feed) pieces() int { return 2 * f.workers }

func (f *feed) dispatch(ctx context.Context) error {
	var order []int
	epoch := -1
	for at := f.first; at < f.end; at++ {
		if e := at / f.pace.batches; e != epoch {
			epoch = e
			order = f.order(order, epoch)
		}
		b, err := f.empty(ctx, at)
		if err != nil {
			return err
		}
		from := at % f.pace.batches * f.pace.batch
		if err := f.prepare(ctx, b, at, order[from:from+b.Len()]); err != nil {
			return fmt.Errorf("step %d (epoch %d): %w", f.pace.steps(at)+1, epoch+1, err)
		}
		select {
		case f.out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// prepare fills in batch number at of the run with the samples of index.
func (f *feed) prepare(ctx context.Context, b *Batch, at int, index []int) error {
	if err := f.fill(ctx, job{b: b, epoch: at / f.pace.batches, index: index}); err != nil {
		return err
	}
	if f.mix != (pixel.Mix{}) {
		blend := f.mix.Draw(rand.New(rand.NewPCG(f.seed^mixStream, uint64(at))), f.image)
		if err := f.fill(ctx, job{b: b, index: index, blend: &blend}); err != nil {
			return err
		}
	}
	b.Draw(rand.New(rand.NewPCG(f.seed^dropStream, uint64(at))))
	if f.teacher != nil {
		return f.teacher.teach(ctx, b)
	}
	return nil
}

// fill divides a job on a batch among the workers. It returns when all are
// done, with the error of the first piece that has one.
func (f *feed) fill(ctx context.Context, all job) (err error) {
	n := len(all.index)
	piece := max(1, (n+f.pieces()-1)/f.pieces())
	sent := 0
	for lo := 0; lo < n && ctx.Err() == nil; lo += piece {
		j := all
		j.start, j.index = lo, all.index[lo:min(lo+piece, n)]
		f.jobs <- j
		sent++
	}
	first := n
	for range sent {
		if r := <-f.read; r.err != nil && r.start < first {
			first, err = r.start, r.err
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// empty waits for a buffer of the size that batch number at has.
func (f *feed) empty(ctx context.Context, at int) (*Batch, error) {
	from := f.full
	if f.pace.size(at) != f.pace.batch {
		from = f.short
	}
	select {
	case b := <-from:
		return b, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// give takes a batch back.
func (f *feed) give(b *Batch) {
	if b.Len() == f.pace.batch {
		f.full <- b
	} else {
		f.short <- b
	}
}

// order returns the order of the samples in an epoch: a Fisher–Yates shuffle
// that the seed and the epoch determine.
func (f *feed) order(order []int, epoch int) []int {
	n := f.set.Len()
	if order == nil {
		order = make([]int, n)
	}
	for i := range order {
		order[i] = i
	}
	rng := rand.New(rand.NewPCG(f.seed, uint64(epoch)))
	rng.Shuffle(n, func(i, j int) { order[i], order[j] = order[j], order[i] })
	return order
}

func (f *feed) work(ctx context.Context) {
	var source rand.PCG
	rng := rand.New(&source)
	scratch := make([]float32, f.size)
	for j := range f.jobs {
		var err error
		for k := 0; k < len(j.index) && err == nil; k++ {
			if j.blend != nil {
				f.mixed(j.b, j.start+k, *j.blend)
			} else {
				i := j.index[k]
				source.Seed(f.seed^augmentStream, uint64(j.epoch)<<40|uint64(i))
				err = f.sample(j.b, j.start+k, i, scratch, rng)
			}
			err = errors.Join(err, ctx.Err())
		}
		f.read <- outcome{j.start, err}
	}
}

// sample reads sample i for place at of a batch.
func (f *feed) sample(b *Batch, at, i int, scratch []float32, rng *rand.Rand) error {
	x, y := b.Samples(), b.Target()
	if f.mix != (pixel.Mix{}) {
		x, y = f.raw, f.rawTarget
	}
	b.index[at] = i
	dst := x[at*f.size:][:f.size:f.size]
	if err := f.augmented(i, dst, scratch, rng); err != nil {
		return err
	}
	if bad := slices.IndexFunc(dst, func(v float32) bool { return !finite(v) }); bad >= 0 {
		return fmt.Errorf("%s holds %v at value %d", f.name(i), dst[bad], bad)
	}
	return f.target(i, y[at*b.outputs:][:b.outputs:b.outputs])
}

// mixed blends what was read for place at with what was read for the one
// before it.
func (f *feed) mixed(b *Batch, at int, blend pixel.Blend) {
	other := (at + b.Len() - 1) % b.Len()
	row := func(x []float32, size, i int) []float32 { return x[i*size:][:size] }
	blend.Samples(f.image, row(b.Samples(), f.size, at), row(f.raw, f.size, at), row(f.raw, f.size, other))
	blend.Targets(row(b.Target(), b.outputs, at), row(f.rawTarget, b.outputs, at), row(f.rawTarget, b.outputs, other))
}

// close releases the buffers. Nobody may hold one any more.
func (f *feed) close() {
	for _, b := range f.all {
		b.Close() // fails only for tensors that a run is using
	}
}
