package training

import (
	"fmt"
	"math"
)

// Phase is a stretch of training with one learning rate.
type Phase struct {
	Epochs int
	Rate   float32
}

// defaultSchedule is what an empty schedule stands for.
var defaultSchedule = []Phase{{Epochs: 10, Rate: 0.1}}

// StepDecay is a schedule of some epochs that starts with rate and multiplies
// it by factor after each of the given numbers of epochs, which ascend.
func StepDecay(epochs int, rate, factor float32, after ...int) []Phase {
	var out []Phase
	from := 0
	for _, at := range append(after, epochs) {
		at = min(at, epochs)
		if at > from {
			out = append(out, Phase{at - from, rate})
			from = at
		}
		rate *= factor
	}
	return out
}

// schedule gives the learning rate of every step.
type schedule struct {
	ends   []int // of the phases, in steps
	rates  []float32
	warmup int
}

// newSchedule lays phases over the steps of a run: steps a number of them, or,
// when that is 0, as many as the phases' epochs have. With a number of steps
// the phases keep their proportions.
func newSchedule(phases []Phase, perEpoch, steps, warmup int) (*schedule, error) {
	if len(phases) == 0 {
		phases = defaultSchedule
	}
	epochs := 0
	for i, p := range phases {
		if p.Epochs < 1 {
			return nil, fmt.Errorf("schedule: phase %d has %d epochs, want at least 1", i, p.Epochs)
		}
		if r := float64(p.Rate); !(r >= 0) || math.IsInf(r, 0) {
			return nil, fmt.Errorf("schedule: phase %d has the learning rate %v", i, p.Rate)
		}
		epochs += p.Epochs
	}
	switch {
	case steps < 0:
		return nil, fmt.Errorf("schedule: %d steps", steps)
	case warmup < 0:
		return nil, fmt.Errorf("schedule: %d warm-up steps", warmup)
	case steps == 0:
		steps = epochs * perEpoch
	}
	s := &schedule{warmup: warmup}
	done := 0
	for _, p := range phases {
		done += p.Epochs
		s.ends = append(s.ends, int(int64(steps)*int64(done)/int64(epochs)))
		s.rates = append(s.rates, p.Rate)
	}
	return s, nil
}

// steps is the length of the run.
func (s *schedule) steps() int { return s.ends[len(s.ends)-1] }

// rate is the learning rate of a step, counted from 0. During the warm-up it
// rises in equal parts.
func (s *schedule) rate(step int) float32 {
	k := 0
	for k < len(s.ends)-1 && step >= s.ends[k] {
		k++
	}
	if step < s.warmup {
		return s.rates[k] * float32(step+1) / float32(s.warmup)
	}
	return s.rates[k]
}
