package training

import (
	"slices"
	"testing"
)

func TestSchedule(t *testing.T) {
	t.Parallel()
	phases := []Phase{{1, 0.01}, {2, 0.1}, {1, 0.001}}
	for _, c := range []struct {
		name                    string
		phases                  []Phase
		perEpoch, steps, warmup int
		want                    []float32
	}{
		{"by epochs", phases, 2, 0, 0, []float32{0.01, 0.01, 0.1, 0.1, 0.1, 0.1, 0.001, 0.001}},
		{"by steps", phases, 100, 4, 0, []float32{0.01, 0.1, 0.1, 0.001}},
		{"fewer steps than phases", phases, 100, 2, 0, []float32{0.1, 0.001}},
		{"warm-up", []Phase{{2, 0.8}}, 3, 0, 4, []float32{0.2, 0.4, 0.6, 0.8, 0.8, 0.8}},
		{"nothing said", nil, 1, 0, 0, slices.Repeat([]float32{0.1}, 10)},
		{"decay", StepDecay(6, 1, 0.5, 2, 4), 1, 0, 0, []float32{1, 1, 0.5, 0.5, 0.25, 0.25}},
		{"decay after the end", StepDecay(2, 1, 0.5, 1, 9), 1, 0, 0, []float32{1, 0.5}},
	} {
		s, err := newSchedule(c.phases, c.perEpoch, c.steps, c.warmup)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var got []float32
		for i := range s.steps() {
			got = append(got, s.rate(i))
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: rates %v, want %v", c.name, got, c.want)
		}
	}
}

func TestScheduleRefuses(t *testing.T) {
	t.Parallel()
	nan := float32(0)
	nan /= nan
	for name, phases := range map[string][]Phase{
		"no epochs": {{0, 0.1}}, "negative rate": {{1, -1}}, "no number": {{1, nan}},
	} {
		if _, err := newSchedule(phases, 1, 0, 0); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := newSchedule(nil, 1, -1, 0); err == nil {
		t.Error("negative steps: no error")
	}
	if _, err := newSchedule(nil, 1, 0, -1); err == nil {
		t.Error("negative warm-up: no error")
	}
}
