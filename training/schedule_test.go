package training

import (
	"math"
	"slices"
	"testing"
)

// TestSchedule has what PyTorch's schedulers give where it names one.
func TestSchedule(t *testing.T) {
	t.Parallel()
	phases := Phases{{1, 0.01}, {2, 0.1}, {1, 0.001}}
	for _, c := range []struct {
		name                            string
		course                          Schedule
		perEpoch, epochs, steps, warmup int
		want                            []float32
	}{
		{"by epochs", phases, 2, 0, 0, 0, []float32{0.01, 0.01, 0.1, 0.1, 0.1, 0.1, 0.001, 0.001}},
		{"by steps", phases, 100, 0, 4, 0, []float32{0.01, 0.1, 0.1, 0.001}},
		{"epochs of the run", phases, 1, 8, 0, 0, []float32{0.01, 0.01, 0.1, 0.1, 0.1, 0.1, 0.001, 0.001}},
		{"fewer steps than phases", phases, 100, 0, 2, 0, []float32{0.1, 0.001}},
		{"warm-up", Phases{{2, 0.8}}, 3, 0, 0, 4, []float32{0.2, 0.4, 0.6, 0.8, 0.8, 0.8}},
		{"nothing said", nil, 1, 0, 0, 0, slices.Repeat([]float32{0.1}, 10)},
		{"decay", StepDecay(6, 1, 0.5, 2, 4), 1, 0, 0, 0, []float32{1, 1, 0.5, 0.5, 0.25, 0.25}},
		{"decay after the end", StepDecay(2, 1, 0.5, 1, 9), 1, 0, 0, 0, []float32{1, 0.5}},
		{
			"ChainedScheduler(LinearLR(1/4, 1, 3), MultiStepLR([2, 6]))",
			StepDecay(8, 0.8, 0.1, 2, 6), 1, 0, 0, 4,
			[]float32{0.2, 0.4, 0.06, 0.08, 0.08, 0.08, 0.008, 0.008},
		},
		{
			"CosineAnnealingLR(8, 0.1)",
			Cosine{0.5, 0.1},
			4, 2, 0, 0,
			[]float32{0.5, 0.4847759065, 0.4414213562, 0.3765366865, 0.3, 0.2234633135, 0.1585786438, 0.1152240935},
		},
		{
			"SequentialLR(LinearLR(1/4, 1, 3), CosineAnnealingLR(4), milestone 4)",
			Cosine{Rate: 0.8},
			100, 0, 8, 4,
			[]float32{0.2, 0.4, 0.6, 0.8, 0.8, 0.6828427125, 0.4, 0.1171572875},
		},
		{
			"LinearLR(1, 0.2, 8)",
			Linear{0.5, 0.1},
			100, 0, 8, 0,
			[]float32{0.5, 0.45, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15},
		},
		{
			"SequentialLR(LinearLR(1/4, 1, 3), LinearLR(1, 0, 4), milestone 4)",
			Linear{Rate: 0.8},
			8, 1, 0, 4,
			[]float32{0.2, 0.4, 0.6, 0.8, 0.8, 0.6, 0.4, 0.2},
		},
		{
			"OneCycleLR(0.5, 10)",
			OneCycle{Rate: 0.5},
			1, 0, 0, 0,
			[]float32{0.02, 0.26, 0.5, 0.4752423160, 0.4058728270, 0.3056310110, 0.1943709890, 0.0941291730, 0.0247596840, 2e-06},
		},
		{
			"OneCycleLR(0.5, 8, pct_start=0.5, div_factor=10, final_div_factor=100)",
			OneCycle{0.5, 0.5, 10, 100},
			8, 1, 0, 0,
			[]float32{0.05, 0.1625, 0.3875, 0.5, 0.4268499186, 0.25025, 0.0736500814, 0.0005},
		},
		{"OneCycleLR(0.5, 2)", OneCycle{Rate: 0.5}, 1, 0, 2, 0, []float32{0.4058728270, 2e-06}},
	} {
		s, err := newSchedule(c.course, c.perEpoch, c.epochs, c.steps, c.warmup)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []float32
		for i := range s.steps {
			got = append(got, s.rate(i))
		}
		near := func(a, b float32) bool { return math.Abs(float64(a-b)) <= 1e-7*math.Abs(float64(b)) }
		if !slices.EqualFunc(got, c.want, near) {
			t.Errorf("%s: rates %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	nan := float32(math.NaN())
	for name, course := range map[string]Schedule{
		"no phases": Phases{}, "no epochs": Phases{{0, 0.1}}, "negative rate": Phases{{1, -1}}, "no number": Phases{{1, nan}},
		"cosine of no number": Cosine{Rate: nan}, "negative floor": Linear{1, -1}, "no fall": OneCycle{Rate: 1, Rise: 1},
		"a start above the peak": OneCycle{Rate: 1, Start: 0.5}, "endless": OneCycle{Rate: 1, End: math.Inf(1)},
	} {
		if _, err := newSchedule(course, 1, 1, 0, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for name, n := range map[string][3]int{
		"negative epochs": {-1, 0, 0}, "negative steps": {0, -1, 0}, "negative warm-up": {0, 0, -1}, "nothing but warm-up": {1, 0, 1},
	} {
		if _, err := newSchedule(Cosine{Rate: 1}, 1, n[0], n[1], n[2]); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
