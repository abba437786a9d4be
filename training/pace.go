package training

// pace says how the samples of a run make batches, and these steps: so many a
// step, and those that an epoch leaves over one more.
type pace struct {
	batch      int // samples
	last       int // samples of an epoch's last batch
	batches    int // an epoch
	accumulate int // batches a step
}

// newPace lays batches over n samples. The last one of an epoch holds what is
// left, unless that is dropped. Where a batch of one sample cannot be trained
// with, a single sample that is left joins the batch before it.
func newPace(n, batch int, drop, joins bool, accumulate int) pace {
	p := pace{batch: batch, last: batch, batches: n / batch, accumulate: accumulate}
	switch left := n % batch; {
	case left == 0 || drop:
	case left == 1 && joins:
		p.last++
	default:
		p.batches++
		p.last = left
	}
	return p
}

// size is the number of samples in a batch of the run.
func (p pace) size(at int) int {
	if at%p.batches == p.batches-1 {
		return p.last
	}
	return p.batch
}

// perEpoch returns the number of steps in an epoch.
func (p pace) perEpoch() int { return (p.batches + p.accumulate - 1) / p.accumulate }

// steps is how many are whole after so many batches.
func (p pace) steps(batches int) int {
	return batches/p.batches*p.perEpoch() + batches%p.batches/p.accumulate
}

// within is how many batches of a step that is not whole are among so many.
func (p pace) within(batches int) int { return batches % p.batches % p.accumulate }

// until is how many batches so many steps take.
func (p pace) until(steps int) int {
	return steps/p.perEpoch()*p.batches + steps%p.perEpoch()*p.accumulate
}
