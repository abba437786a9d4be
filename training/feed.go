package training

import (
	"context"
	"math/rand/v2"

	"golang.org/x/sync/errgroup"
)

// readAhead is the number of full batches in memory: one that the step takes
// and two that are read meanwhile.
const readAhead = 3

// These set the random streams of augmentation and of Dropout apart from
// those of the order.
const (
	augmentStream = 0x9e3779b97f4a7c15
	dropStream    = 0xd1b54a32d192ed03
)

// feed reads the batches of a run in order, ahead of whoever takes them.
//
// What is in a batch is a function of the seed, the epoch and the positions
// alone: every sample has a random stream of its own.
type feed struct {
	*reader
	seed     uint64
	workers  int
	batch    int // samples of a step
	perEpoch int // batches
	first    int // the batch to start with
	steps    int // and the one to stop before

	all  []*Batch
	full chan *Batch // buffers of the usual size to be filled
	rest chan *Batch // the one of an epoch's last, smaller batch
	out  chan *Batch // filled, in order
	jobs chan job
	read chan error // one for every job
}

// job is a part of a batch that one goroutine reads.
type job struct {
	b     *Batch
	epoch int
	start int   // of the indices within the batch
	index []int // into the set
}

// run fills batches until the last step or the end of ctx, then closes out.
func (f *feed) run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	f.jobs = make(chan job)
	f.read = make(chan error, f.parts())
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

// parts is the number of jobs a batch is cut into at most: more than there are
// workers, so that a slow sample does not keep all of them waiting.
func (f *feed) parts() int { return 2 * f.workers }

func (f *feed) dispatch(ctx context.Context) error {
	var order []int
	epoch := -1
	for step := f.first; step < f.steps; step++ {
		if e := step / f.perEpoch; e != epoch {
			epoch = e
			order = f.order(order, epoch)
		}
		b, err := f.empty(ctx, step)
		if err != nil {
			return err
		}
		from := (step % f.perEpoch) * f.batch
		if err := f.fill(ctx, b, epoch, order[from:from+b.Len()]); err != nil {
			return err
		}
		b.Draw(rand.New(rand.NewPCG(f.seed^dropStream, uint64(step))))
		select {
		case f.out <- b:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// fill has the samples of a batch read. It returns when no job is left.
func (f *feed) fill(ctx context.Context, b *Batch, epoch int, index []int) (err error) {
	part := max(1, (len(index)+f.parts()-1)/f.parts())
	sent := 0
	for lo := 0; lo < len(index) && ctx.Err() == nil; lo += part {
		f.jobs <- job{b, epoch, lo, index[lo:min(lo+part, len(index))]}
		sent++
	}
	for range sent {
		if readErr := <-f.read; err == nil {
			err = readErr
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return err
}

// empty waits for a buffer of the size that a step takes.
func (f *feed) empty(ctx context.Context, step int) (*Batch, error) {
	from := f.full
	if (step%f.perEpoch+1)*f.batch > f.set.Len() {
		from = f.rest
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
	if b.Len() == f.batch {
		f.full <- b
	} else {
		f.rest <- b
	}
}

// order is the order of the samples in an epoch: a Fisher–Yates shuffle that
// the seed and the epoch determine.
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
			i, at := j.index[k], j.start+k
			source.Seed(f.seed^augmentStream, uint64(j.epoch)<<40|uint64(i))
			dst := j.b.Samples()[at*f.size:][:f.size:f.size]
			if err = f.augmented(i, dst, scratch, rng); err == nil {
				j.b.SetLabel(at, f.set.Label(i))
				err = ctx.Err()
			}
		}
		f.read <- err
	}
}

// close releases the buffers. Nobody may hold one any more.
func (f *feed) close() {
	for _, b := range f.all {
		b.Close() // fails only for tensors that a run is using
	}
}
