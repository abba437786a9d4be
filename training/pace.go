package training

// pace says how the batches of a run make steps: so many a step, and those
// that an epoch leaves over one more.
type pace struct {
	batches    int // an epoch
	accumulate int // batches a step
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
