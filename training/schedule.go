package training

import (
	"cmp"
	"errors"
	"fmt"
	"math"
)

// Schedule is the course of the learning rate over the steps of a run:
// [Phases], [Cosine], [Linear] or [OneCycle].
type Schedule interface {
	check() error
	// epochs is the length of a run that is given no other, 0 where the
	// schedule has none of its own.
	epochs() int
	// rate is that of a step, counted from 0, of n.
	rate(step, n int) float32
}

// Phases are stretches of training with a learning rate each. Where the run
// is given a length they keep their proportions in it. A warm-up is a part of
// them: the later phases begin where they would without it.
type Phases []Phase

// Phase is a stretch of training with one learning rate.
type Phase struct {
	Epochs int
	Rate   float32
}

// Cosine falls from Rate to Floor along half a wave, as PyTorch's
// CosineAnnealingLR with T_max the steps after the warm-up: Floor would come
// with the step after the last.
type Cosine struct{ Rate, Floor float32 }

// Linear falls from Rate to Floor in equal parts, as PyTorch's LinearLR with
// total_iters the steps after the warm-up: Floor would come with the step
// after the last.
type Linear struct{ Rate, Floor float32 }

// OneCycle is the policy of Smith and Topin, arXiv 1708.07120, as PyTorch's
// OneCycleLR has it with annealing by cosines, for the rate alone and not the
// momentum (cycle_momentum=False): it rises from Rate/Start to Rate in the
// first part of the run and falls to Rate/(Start·End) in the rest.
type OneCycle struct {
	Rate  float32 // at the peak
	Rise  float64 // the part of the run that ends at the peak, below 1; 0 is 0.3
	Start float64 // 0 is 25
	End   float64 // 0 is 10,000
}

const defaultEpochs = 10

// defaultSchedule replaces a nil schedule.
var defaultSchedule = Phases{{Epochs: defaultEpochs, Rate: 0.1}}

// StepDecay returns a schedule of some epochs that starts with rate and
// multiplies it by factor after each of the given numbers of epochs, which
// ascend.
func StepDecay(epochs int, rate, factor float32, after ...int) Phases {
	var out Phases
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

func (p Phases) check() error {
	if len(p) == 0 {
		return errors.New("there are no phases")
	}
	for i, ph := range p {
		if ph.Epochs < 1 {
			return fmt.Errorf("phase %d has %d epochs, want at least 1", i, ph.Epochs)
		}
		if err := checkRate(ph.Rate); err != nil {
			return fmt.Errorf("phase %d: %w", i, err)
		}
	}
	return nil
}

func checkRate(rate float32) error {
	if !(rate >= 0) || !finite(rate) {
		return fmt.Errorf("the learning rate %v: want 0 or more", rate)
	}
	return nil
}

func (p Phases) epochs() (n int) {
	for _, ph := range p {
		n += ph.Epochs
	}
	return n
}

func (p Phases) rate(step, n int) float32 {
	epochs, done := int64(p.epochs()), int64(0)
	for _, ph := range p {
		done += int64(ph.Epochs)
		if int64(step) < int64(n)*done/epochs {
			return ph.Rate
		}
	}
	return p[len(p)-1].Rate
}

func (c Cosine) check() error { return errors.Join(checkRate(c.Rate), checkRate(c.Floor)) }

func (Cosine) epochs() int { return 0 }

func (c Cosine) rate(step, n int) float32 {
	return float32(cosine(float64(c.Rate), float64(c.Floor), float64(step)/float64(n)))
}

// cosine goes from one number to another along half a wave, at a point of
// [0, 1].
func cosine(from, to, at float64) float64 { return to + (from-to)*(1+math.Cos(math.Pi*at))/2 }

func (l Linear) check() error { return errors.Join(checkRate(l.Rate), checkRate(l.Floor)) }

func (Linear) epochs() int { return 0 }

func (l Linear) rate(step, n int) float32 {
	return float32(float64(l.Rate) + (float64(l.Floor)-float64(l.Rate))*float64(step)/float64(n))
}

func (o OneCycle) check() error {
	switch o = o.settings(); {
	case !(o.Rise > 0 && o.Rise < 1):
		return fmt.Errorf("the rate rises for %v of the run: want above 0 and below 1", o.Rise)
	case !(o.Start >= 1) || !(o.End >= 1) || math.IsInf(o.Start*o.End, 0):
		return fmt.Errorf("the peak is %v times the first rate and that %v times the last: want at least 1", o.Start, o.End)
	}
	return checkRate(o.Rate)
}

// settings has the zeros replaced.
func (o OneCycle) settings() OneCycle {
	const rise, start, end = 0.3, 25, 1e4
	if o.Rise == 0 {
		o.Rise = rise
	}
	if o.Start == 0 {
		o.Start = start
	}
	if o.End == 0 {
		o.End = end
	}
	return o
}

func (OneCycle) epochs() int { return 0 }

func (o OneCycle) rate(step, n int) float32 {
	o = o.settings()
	peak, first := float64(o.Rate), float64(o.Rate)/o.Start
	top, at := o.Rise*float64(n)-1, float64(step)
	switch {
	case at < top:
		return float32(cosine(first, peak, at/top))
	case at == top:
		return o.Rate
	}
	return float32(cosine(peak, first/o.End, (at-top)/(float64(n-1)-top)))
}

// schedule gives the learning rate of every step of a run.
type schedule struct {
	course Schedule
	steps  int
	warmup int
	delay  int // the steps before the course begins
}

// newSchedule lays a course over the steps of a run: steps a number of them,
// or, when that is 0, those of so many epochs, or of the schedule's own.
func newSchedule(course Schedule, perEpoch, epochs, steps, warmup int) (*schedule, error) {
	if course == nil {
		course = defaultSchedule
	}
	if err := course.check(); err != nil {
		return nil, fmt.Errorf("schedule: %w", err)
	}
	if steps == 0 {
		steps = cmp.Or(epochs, course.epochs(), defaultEpochs) * perEpoch
	}
	switch {
	case steps < 0 || epochs < 0:
		return nil, fmt.Errorf("schedule: %d epochs, %d steps", epochs, steps)
	case warmup < 0:
		return nil, fmt.Errorf("schedule: %d warm-up steps", warmup)
	}
	s := &schedule{course: course, steps: steps, warmup: warmup}
	if _, phases := course.(Phases); !phases {
		s.delay = warmup
		if warmup >= steps {
			return nil, fmt.Errorf("schedule: a warm-up of %d steps leaves none of %d", warmup, steps)
		}
	}
	return s, nil
}

// rate returns the learning rate of a step, counted from 0. During the warm-up
// it rises in equal parts.
func (s *schedule) rate(step int) float32 {
	rate := s.course.rate(max(step-s.delay, 0), s.steps-s.delay)
	if step < s.warmup {
		return rate * float32(step+1) / float32(s.warmup)
	}
	return rate
}
