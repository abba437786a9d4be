package loop

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/prunefuse/prunefuse/data"
)

// readableDraw is what a draw found: indices in the pool.
type readableDraw struct{ drawn, lost []int }

// drawReadable draws k of n samples that can be read. It goes on in the order of the draw
// in the place of those that cannot, which nobody could label, and tells of them. Index is
// that in the pool of a sample that is drawn.
func (e Env) drawReadable(ctx context.Context, stream uint64, k, n int, index func(int) int) (readableDraw, error) {
	var d readableDraw
	var reason error // of the first that is lost
	for len(d.drawn) < k {
		looked := len(d.drawn) + len(d.lost)
		if looked == n {
			return d, fmt.Errorf("%d samples are to be drawn for labels, and only %d of %d can be read: %w", k, len(d.drawn), n, reason)
		}
		order := draw(e.spec.Config.Seed, stream, n, min(n, k+len(d.lost)))[looked:]
		for i := range order {
			order[i] = index(order[i])
		}
		failed, err := e.unreadable(ctx, order)
		if err != nil {
			return d, err
		}
		for i, at := range order {
			if failed[i] == nil {
				d.drawn = append(d.drawn, at)
				continue
			}
			if reason == nil {
				reason = fmt.Errorf("sample %s: %w", e.pool.ID(at), failed[i])
			}
			d.lost = append(d.lost, at)
		}
	}
	if len(d.lost) > 0 {
		e.note(data.Note{
			Text: fmt.Sprintf("%d of the samples that were drawn cannot be read, and so not be labelled; others were drawn in their place. The first: %v", len(d.lost), reason),
			Lost: len(d.lost),
		})
	}
	return d, nil
}

// unreadable returns why each of some samples of the pool cannot be read.
func (e Env) unreadable(ctx context.Context, indices []int) ([]error, error) {
	failed := make([]error, len(indices))
	workers := min(runtime.GOMAXPROCS(0), len(indices))
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			x := make([]float32, e.pool.Shape().Size())
			for i := w; i < len(indices) && ctx.Err() == nil; i += workers {
				failed[i] = e.pool.Read(indices[i], x)
			}
			return context.Cause(ctx)
		})
	}
	return failed, g.Wait()
}
