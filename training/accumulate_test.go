package training

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// batchOf returns a batch of samples of a set.
func batchOf(t testing.TB, s *Step, set *samples, index ...int) *Batch {
	t.Helper()
	b, err := s.NewBatch(len(index))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	for i, k := range index {
		copy(b.Samples()[i*size(set.shape):], set.x[k])
		b.SetLabel(i, set.labels[k])
	}
	return b
}

func stepFor(t testing.TB, m *onnxio.Model, o StepOptions) *Step {
	t.Helper()
	o.Session.Threads = 1
	s, err := NewStep(m, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// state are the values of the states of some kinds, by name.
func stateOf(s *Step, kinds ...kind) map[string][]float32 {
	out := map[string][]float32{}
	for i, v := range s.graph.state {
		if slices.Contains(kinds, v.kind) {
			out[v.name] = slices.Clone(s.values(i))
		}
	}
	return out
}

func compareStates(t *testing.T, got, want map[string][]float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%d states, want %d", len(got), len(want))
	}
	for name, w := range want {
		for i, x := range w {
			if g := got[name]; len(g) != len(w) || math.Abs(float64(g[i]-x)) > tolerance {
				t.Errorf("%s is %v…, want %v…", name, g[:min(len(g), 4)], w[:min(len(w), 4)])
				break
			}
		}
	}
}

// TestAccumulatedStepEqualsOneOfAll takes steps on batches that differ in
// size from those of another run but are of the same samples.
func TestAccumulatedStepEqualsOneOfAll(t *testing.T) {
	orttest.Need(t)
	set := noise(1, 18, 5, 7)
	m := twoLayers(3, 7, 11, 5)
	for name, o := range map[string]StepOptions{
		"sgd":     {Optimizer: SGD{Momentum: 0.9, WeightDecay: 1e-3}},
		"adam":    {Optimizer: Adam{Epsilon: 1e-3}, Clip: Clip{Value: 0.01}},
		"average": {Optimizer: AdamW{Epsilon: 1e-3, WeightDecay: 0.1}, Clip: Clip{Norm: 0.1}, Average: 0.5, Decay: DecayWeights},
	} {
		t.Run(name, func(t *testing.T) {
			whole := stepFor(t, m, o)
			o.Accumulate = true
			parts := stepFor(t, m, o)
			ctx := context.Background()
			for k := range 3 {
				at := 6 * k
				if _, err := whole.Run(ctx, batchOf(t, whole, set, at, at+1, at+2, at+3, at+4, at+5), 0.1); err != nil {
					t.Fatal(err)
				}
				for i := range 2 {
					if _, err := parts.Accumulate(ctx, batchOf(t, parts, set, at+2*i, at+2*i+1)); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := parts.Run(ctx, batchOf(t, parts, set, at+4, at+5), 0.1); err != nil {
					t.Fatal(err)
				}
			}
			compareStates(t, stateOf(parts, parameter, slot, average), stateOf(whole, parameter, slot, average), 1e-6)
		})
	}
}

// TestStatisticsChangeWithEveryBatch compares the running statistics of one
// step on two batches with those of two steps that change no weight.
func TestStatisticsChangeWithEveryBatch(t *testing.T) {
	orttest.Need(t)
	set := tinySet(8)
	still := stepFor(t, tiny(t), StepOptions{})
	parts := stepFor(t, tiny(t), StepOptions{Accumulate: true})
	ctx := context.Background()
	var errs [4]error
	_, errs[0] = still.Run(ctx, batchOf(t, still, set, 0, 1, 2, 3), 0)
	_, errs[1] = still.Run(ctx, batchOf(t, still, set, 4, 5, 6, 7), 0)
	_, errs[2] = parts.Accumulate(ctx, batchOf(t, parts, set, 0, 1, 2, 3))
	_, errs[3] = parts.Run(ctx, batchOf(t, parts, set, 4, 5, 6, 7), 0.1)
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	compareStates(t, stateOf(parts, statistic), stateOf(still, statistic), 0)
}

// TestBadLossChangesNothing takes a batch that is no number as the first and
// as the last of a step.
func TestBadLossChangesNothing(t *testing.T) {
	orttest.Need(t)
	set := tinySet(5)
	set.x[4] = slices.Repeat([]float32{float32(math.NaN())}, len(set.x[4]))
	all := []kind{parameter, slot, statistic, sum, average}
	s := stepFor(t, tiny(t), StepOptions{Optimizer: SGD{Momentum: 0.9}, Accumulate: true, Average: 0.9})
	good, bad := batchOf(t, s, set, 0, 1, 2, 3), batchOf(t, s, set, 2, 4)
	for range 2 {
		before := stateOf(s, all...)
		for _, run := range []func() (float32, error){
			func() (float32, error) { return s.Accumulate(context.Background(), bad) },
			func() (float32, error) { return s.Run(context.Background(), bad, 0.1) },
		} {
			if loss, err := run(); err != nil || finite(loss) {
				t.Fatalf("loss %v, error %v", loss, err)
			}
		}
		compareStates(t, stateOf(s, all...), before, 0)
		if _, err := s.Accumulate(context.Background(), good); err != nil {
			t.Fatal(err)
		}
	}
	if s.added != 2 || s.taken != 0 {
		t.Errorf("%d batches added, %d steps taken", s.added, s.taken)
	}
	plain := stepFor(t, tiny(t), StepOptions{})
	if _, err := plain.Accumulate(context.Background(), good); err == nil {
		t.Error("a step that was not made for it accumulates")
	}
}

// TestMovingAverage follows the average by hand, of weights and statistics.
func TestMovingAverage(t *testing.T) {
	orttest.Need(t)
	const decay = 0.25 // from the third step on: 1/10, 2/11, 3/12
	set := tinySet(12)
	s := stepFor(t, tiny(t), StepOptions{Optimizer: SGD{Momentum: 0.9}, Average: decay})
	want := stateOf(s, parameter, statistic)
	for k, stays := range []float64{1. / 10, 2. / 11, decay, decay} {
		if _, err := s.Run(context.Background(), batchOf(t, s, set, 3*k, 3*k+1, 3*k+2), 0.1); err != nil {
			t.Fatal(err)
		}
		for name, now := range stateOf(s, parameter, statistic) {
			for i, v := range now {
				want[name][i] = float32(stays*float64(want[name][i]) + (1-stays)*float64(v))
			}
		}
	}
	m, err := s.Model()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]float32{}
	for name := range want {
		if got[name], err = m.Graph.Initializer(name).Floats(); err != nil {
			t.Fatal(err)
		}
	}
	compareStates(t, got, want, 1e-6)
}

// TestClip compares what a step subtracts with the gradients, shrunk by hand.
func TestClip(t *testing.T) {
	orttest.Need(t)
	set := noise(1, 6, 5, 7)
	m := twoLayers(3, 7, 11, 5)
	difference := func(c Clip) map[string][]float32 {
		s := stepFor(t, m, StepOptions{Clip: c})
		before := stateOf(s, parameter)
		if _, err := s.Run(context.Background(), batchOf(t, s, set, 0, 1, 2, 3, 4, 5), 1); err != nil {
			t.Fatal(err)
		}
		for name, after := range stateOf(s, parameter) {
			for i, v := range after {
				before[name][i] -= v
			}
		}
		return before
	}
	grads := difference(Clip{})
	squares := 0.0
	for _, g := range grads {
		for _, v := range g {
			squares += float64(v) * float64(v)
		}
	}
	norm := math.Sqrt(squares)
	compareStates(t, difference(Clip{Norm: float32(2 * norm)}), grads, 0)
	for _, c := range []struct {
		clip Clip
		want func(float32) float32
	}{
		{Clip{Norm: float32(norm / 4)}, func(v float32) float32 { return v / 4 }},
		{Clip{Value: 0.02}, func(v float32) float32 { return max(-0.02, min(0.02, v)) }},
	} {
		want := map[string][]float32{}
		for name, g := range grads {
			for _, v := range g {
				want[name] = append(want[name], c.want(v))
			}
		}
		compareStates(t, difference(c.clip), want, 1e-6)
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	// Two epochs of five batches in steps of two, two and one.
	p := pace{batches: 5, accumulate: 2}
	steps, within := []int{0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 6}, []int{0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0}
	for n := range steps {
		if p.steps(n) != steps[n] || p.within(n) != within[n] {
			t.Errorf("after %d batches: %d steps and %d batches, want %d and %d", n, p.steps(n), p.within(n), steps[n], within[n])
		}
		if n == 0 || steps[n] != steps[n-1] {
			if p.until(steps[n]) != n {
				t.Errorf("%d steps take %d batches, want %d", steps[n], p.until(steps[n]), n)
			}
		}
	}
	if p.perEpoch() != 3 {
		t.Errorf("%d steps an epoch, want 3", p.perEpoch())
	}
	if p := (pace{batches: 3, accumulate: 8}); p.perEpoch() != 1 || p.steps(5) != 1 || p.within(5) != 2 || p.until(2) != 6 {
		t.Errorf("an epoch of fewer batches than a step: %d steps an epoch, %d after 5 batches and %d more, two in %d", p.perEpoch(), p.steps(5), p.within(5), p.until(2))
	}
}

// TestStepAllocates holds what a step allocates to what the runtime's binding
// needs for a run: nothing of it grows with the parameters.
func TestStepAllocates(t *testing.T) {
	orttest.Need(t)
	ctx := context.Background()
	count := func(arch string, accumulate bool) float64 {
		s := stepFor(t, build(t, arch), StepOptions{Optimizer: AdamW{}, Clip: Clip{Norm: 1}, Average: 0.9, Accumulate: accumulate, Session: ort.SessionOptions{Threads: 1}})
		b := batchOf(t, s, tinySet(2), 0, 1)
		return testing.AllocsPerRun(5, func() {
			if _, err := s.Run(ctx, b, 0.1); err != nil {
				t.Fatal(err)
			}
		})
	}
	for _, accumulate := range []bool{false, true} {
		small, large := count("resnet8", accumulate), count("resnet20", accumulate)
		t.Logf("%v and %v allocations", small, large)
		const most = 16
		if small > most || large > most {
			t.Errorf("accumulating %v: %v allocations of a step of ResNet-8, %v of ResNet-20, want at most %v", accumulate, small, large, most)
		}
	}
}
