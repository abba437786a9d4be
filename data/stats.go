package data

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// Stats returns mean and standard deviation (of the population) of each channel
// over the values of set, for [Preprocess]. With 0 < limit < set.Len() it reads
// only limit samples, evenly spaced. A constant channel has a deviation of 1, so
// that it can be divided by. A value that is not finite is an error that names
// its sample.
func Stats(ctx context.Context, set Set, limit int) (mean, std []float32, err error) {
	return stats(ctx, set, limit, false)
}

// stats passes over samples that cannot be read where some may be lost.
func stats(ctx context.Context, set Set, limit int, lossy bool) (mean, std []float32, err error) {
	n := set.Len()
	if limit > 0 {
		n = min(n, limit)
	}
	if n == 0 {
		return nil, nil, errors.New("statistics of no samples")
	}
	shape := set.Shape()
	channels := shape.Channels()
	sums := make([]moments, n*channels)
	errs := make([]error, n)
	err = parallel(ctx, n, 0, func(k int) {
		errs[k] = pixel.WithFloats(shape.Size(), func(x []float32) error {
			i := k * set.Len() / n
			if err := set.Read(i, x); err != nil {
				return &unreadableError{err}
			}
			plane := len(x) / channels
			for c := range channels {
				m := momentsOf(x[c*plane : (c+1)*plane])
				if !(m.squares <= math.MaxFloat64) {
					return fmt.Errorf("sample %s holds NaN or infinite values", set.ID(i))
				}
				sums[k*channels+c] = m
			}
			return nil
		})
	})
	read := n
	if err == nil {
		read, err = countRead(errs, lossy)
	}
	if err != nil {
		return nil, nil, err
	}
	// Added in order, whatever the order of reading: the result is exact again.
	total := make([]moments, channels)
	for i, m := range sums {
		total[i%channels].sum += m.sum
		total[i%channels].squares += m.squares
	}
	count := float64(read * shape.Size() / channels)
	for _, t := range total {
		m := t.sum / count
		deviation := math.Sqrt(math.Max(0, t.squares/count-m*m))
		if deviation < 1e-6 {
			deviation = 1
		}
		mean, std = append(mean, float32(m)), append(std, float32(deviation))
	}
	return mean, std, nil
}

type moments struct{ sum, squares float64 }

func momentsOf(x []float32) (m moments) {
	for _, v := range x {
		m.sum += float64(v)
		m.squares += float64(v) * float64(v)
	}
	return m
}

// unreadableError says that a sample cannot be read.
type unreadableError struct{ error }

func (e *unreadableError) Unwrap() error { return e.error }

// countRead counts the samples that were read. The first error counts, unless samples
// may be lost and one was read.
func countRead(errs []error, lossy bool) (read int, err error) {
	for _, e := range errs {
		switch unreadable := (*unreadableError)(nil); {
		case e == nil:
			read++
		case !errors.As(e, &unreadable) || !lossy:
			return 0, e
		case err == nil:
			err = e
		}
	}
	if read > 0 {
		err = nil
	}
	return read, err
}
