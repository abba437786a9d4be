package data

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// UnreadableError tells which samples of a batch could not be read.
type UnreadableError struct {
	Positions []int   // in the batch, ascending
	Errs      []error // one for each
}

func (e *UnreadableError) Error() string {
	if len(e.Errs) == 1 {
		return e.Errs[0].Error()
	}
	return fmt.Sprintf("%v (and %d more unreadable samples)", e.Errs[0], len(e.Errs)-1)
}

// Unwrap returns the errors of the samples.
func (e *UnreadableError) Unwrap() []error { return e.Errs }

// ReadBatch reads the samples idx of set to dst, one after the other, and their
// labels to labels, which may be nil. dst has len(idx) times the sample's size.
// At most workers samples are read at a time; 0 means one per processor.
//
// Samples that cannot be read are zero in dst, and the error is an
// [*UnreadableError] naming them all; the rest of the batch is good. Any other
// error means that dst is not to be used.
func ReadBatch(ctx context.Context, set Set, idx []int, dst []float32, labels []int64, workers int) error {
	size := set.Shape().Size()
	if len(dst) != len(idx)*size {
		return fmt.Errorf("read %d samples of %v into %d values, want %d", len(idx), set.Shape(), len(dst), len(idx)*size)
	}
	if labels != nil && len(labels) != len(idx) {
		return fmt.Errorf("read %d samples and %d labels", len(idx), len(labels))
	}
	var mu sync.Mutex
	failed := map[int]error{}
	err := parallel(ctx, len(idx), workers, func(k int) {
		sample := dst[k*size : (k+1)*size]
		if labels != nil {
			labels[k] = int64(set.Label(idx[k]))
		}
		if err := set.Read(idx[k], sample); err != nil {
			clear(sample)
			mu.Lock()
			failed[k] = err
			mu.Unlock()
		}
	})
	if err != nil || len(failed) == 0 {
		return err
	}
	unreadable := &UnreadableError{}
	for k := range idx {
		if err := failed[k]; err != nil {
			unreadable.Positions = append(unreadable.Positions, k)
			unreadable.Errs = append(unreadable.Errs, err)
		}
	}
	return unreadable
}

// parallel calls do(i) once for every i below n, from at most workers
// goroutines (0: one per processor), and stops early when ctx is done.
func parallel(ctx context.Context, n, workers int, do func(i int)) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	work := func() {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			do(i)
		}
	}
	var wg sync.WaitGroup
	for range min(workers, n) - 1 {
		wg.Go(work)
	}
	work()
	wg.Wait()
	return context.Cause(ctx)
}
