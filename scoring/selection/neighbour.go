package selection

import (
	"context"
	"math"
	"sync"
)

// Neighbour is the labelled sample nearest to a chosen one, by the Euclidean
// distance of their features.
type Neighbour struct {
	Index    int     `json:"index"`        // its row in the labelled set
	ID       string  `json:"id,omitempty"` // empty where only its features are known
	Distance float64 `json:"distance"`
}

// neighbours finds the nearest labelled sample of each that was picked, the
// lower row where several are as near; nil where there are no features of a
// labelled set.
func (t *task) neighbours(ctx context.Context, picked []Picked) []*Neighbour {
	out := make([]*Neighbour, len(picked))
	labelled := t.labelled.Features
	if labelled.Len() == 0 || t.pool.Features.Dim != labelled.Dim {
		return out
	}
	var wg sync.WaitGroup
	for worker := range t.workers {
		wg.Go(func() {
			for i := worker; i < len(picked) && ctx.Err() == nil; i += t.workers {
				out[i] = t.neighbour(picked[i].Row)
			}
		})
	}
	wg.Wait()
	return out
}

func (t *task) neighbour(row int) *Neighbour {
	n, least := &Neighbour{}, math.Inf(1)
	features := t.pool.Features.Row(row)
	for i := range t.labelled.Features.Len() {
		if d := distance2(features, t.labelled.Features.Row(i)); d < least {
			n.Index, least = i, d
		}
	}
	n.Distance = math.Sqrt(least)
	if len(t.labelled.Records) > 0 {
		n.ID = t.labelled.Records[n.Index].ID
	}
	return n
}
