package report

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// The values are those of Newcombe (1998), "Two-sided confidence intervals for
// the single proportion", table I, method 3.
func TestWilson(t *testing.T) {
	t.Parallel()
	tests := []struct {
		correct, total int
		low, high      float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
		{20, 20, 0.8389, 1},
	}
	for _, test := range tests {
		low, high := wilson(test.correct, test.total)
		near(t, "low", low, test.low, 5e-5)
		near(t, "high", high, test.high, 5e-5)
	}
}

// The values are those of Newcombe (1998), "Interval estimation for the
// difference between independent proportions", table II, method 10.
func TestNewcombe(t *testing.T) {
	t.Parallel()
	tests := []struct {
		x, m, y, n int
		low, high  float64
	}{
		{56, 70, 48, 80, 0.0524, 0.3339},
		{9, 10, 3, 10, 0.1705, 0.8090},
		{10, 10, 0, 20, 0.6791, 1},
	}
	for _, test := range tests {
		r := &Report{Accuracies: []Accuracy{
			{Role: RoleFineTuned, Name: "a", Correct: test.x, Total: test.m},
			{Name: "b", Correct: test.y, Total: test.n},
		}}
		if err := r.Complete(); err != nil {
			t.Fatal(err)
		}
		if r.Accuracies[0].Lead != nil {
			t.Error("the result leads itself")
		}
		near(t, "low", r.Accuracies[1].Lead.Low, test.low, 1e-4)
		near(t, "high", r.Accuracies[1].Lead.High, test.high, 1e-4)
	}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	r := sample(t)
	if err := r.Complete(); err != nil {
		t.Fatal(err)
	}
	near(t, "accuracy", r.Accuracies[2].Value, 0.8415, 0)
	near(t, "parameters", r.Models[1].ParamsRatio, 68_946.0/272_186, 1e-6)
	near(t, "seconds", r.CostRatio.SecondsRatio, 9.7/27.3, 1e-6)
	near(t, "overhead", r.CostRatio.Overhead, (9.7/27.3)/(1416.0/5590), 1e-5)
	if n := len(r.Ledger); n != 5 {
		t.Errorf("%d entries in the ledger, want 5: two pieces of training are one", n)
	}
	if last := r.Ledger[len(r.Ledger)-1]; !last.Comparison {
		t.Errorf("the ledger ends in %q of the method", last.Module)
	}
	if len(r.Totals) != 2 || r.Totals[0].Samples != 50_000 || r.Totals[1].MACs != 5_400_000_000_000 {
		t.Errorf("totals %+v", r.Totals)
	}
	near(t, "shares", r.Totals[0].Share+r.Totals[1].Share, 1, 1e-6)
	if r.Selection.Shown != 2 {
		t.Errorf("%d thumbs shown", r.Selection.Shown)
	}

	if b := r.Rounds[1]; b.Seen != 3 || b.Fewest != 50 || b.Most != 325 || r.Rounds[2].Seen != 0 || r.Rounds[4].Most != 208 {
		t.Errorf("classes of the rounds: %+v", r.Rounds)
	}
	if want := []Balance{{"prunefuse", []int{50, 124, 325}}, {"random", []int{84, 207, 208}}}; !reflect.DeepEqual(r.Balance, want) {
		t.Errorf("labels by class: %+v, want %+v", r.Balance, want)
	}
	if a := r.People.Annotators; a[0].RightShare == nil || *a[0].RightShare != 0.95 || a[2].RightShare != nil {
		t.Errorf("annotators: %+v", a)
	}

	again := *r
	if err := again.Complete(); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(&again, r) {
		t.Error("completing twice changes the report")
	}
}

func TestSeriesSpread(t *testing.T) {
	t.Parallel()
	r := rounds()
	if err := r.Complete(); err != nil {
		t.Fatal(err)
	}
	p := r.Series[2].Points[0]
	near(t, "mean", p.Accuracy, 0.62, 1e-12)
	near(t, "std", *p.Std, 0.01, 1e-12)
	near(t, "low", *p.Low, 0.61, 1e-12)
	near(t, "high", *p.High, 0.63, 1e-12)
	if r.Series[2].Seeds != 3 || r.Series[3].Seeds != 1 {
		t.Errorf("seeds %d and %d", r.Series[2].Seeds, r.Series[3].Seeds)
	}
	if r.Series[3].Points[0].Std != nil {
		t.Error("one seed has a standard deviation")
	}
}

func TestCompleteRefuses(t *testing.T) {
	t.Parallel()
	low := 0.5
	tests := map[string]struct {
		change func(*Report)
		want   string
	}{
		"more right than tested": {func(r *Report) { r.Accuracies[0].Correct = 2001 }, `accuracy "selector": 2001 correct of 2000`},
		"no test images":         {func(r *Report) { r.Accuracies[0].Total = 0 }, "of 0 images"},
		"loss that diverged":     {func(r *Report) { r.Curves[0].Loss[2] = math.NaN() }, "report.curves[0].loss[2] is NaN"},
		"infinite score":         {func(r *Report) { r.Selection.Thumbs[1].Score = math.Inf(-1) }, "report.selection.thumbs[1].score is -Inf"},
		"more kept than there":   {func(r *Report) { r.Layers[1].Kept = 65 }, `layer "fc.weight": 65 of 64 channels kept`},
		"indices and their count": {
			func(r *Report) { r.Layers[0].Indices = []int{1} },
			"1 indices of 8 kept channels",
		},
		"channel out of range": {func(r *Report) { r.Layers[0].Indices[7] = 16 }, "channel 16"},
		"labels that fall": {
			func(r *Report) { r.Series = []Series{{Name: "a", Points: []Point{{Labels: 2}, {Labels: 2}}}} },
			`series "a": 2 labels after 2`,
		},
		"counts of other classes": {func(r *Report) { r.Rounds[1].Counts = []int{1, 2} }, "round 0 of the arm prunefuse: counts of 2 classes, and there are 3"},
		"steps of a part":         {func(r *Report) { r.Curves[0].Steps = []int{1} }, `curve "selector": steps of 1 entries, and there are 4`},
		"half an interval":        {func(r *Report) { r.Series = []Series{{Name: "a", Points: []Point{{Low: &low}}}} }, "one end"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sample(t)
			test.change(r)
			if err := r.Complete(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	accuracies := func(result, random int) []Accuracy {
		return []Accuracy{
			{Role: RoleFineTuned, Name: "fused", Labels: 1000, Correct: result, Total: 2000},
			{Role: RoleRandom, Name: "random", Labels: 1000, Correct: random, Total: 2000},
		}
	}
	dense := func(correct int) []Accuracy {
		return append(accuracies(1683, 0)[:1], Accuracy{Role: RoleDenseScratch, Name: "dense", Labels: 1000, Correct: correct, Total: 2000})
	}
	tests := map[string]struct {
		report *Report
		want   string
	}{
		"better": {
			&Report{Accuracies: accuracies(1683, 1622)},
			"With 1,000 labels the fused, fine-tuned network gets 84.2 % of 2,000 held-out images right (95 % interval 82.5 to 85.7 %), " +
				"3.0 points more than with randomly selected labels.",
		},
		"not told apart": {
			&Report{Accuracies: accuracies(1620, 1625)},
			"With 1,000 labels the fused, fine-tuned network gets 81.0 % of 2,000 held-out images right (95 % interval 79.2 to 82.7 %), " +
				"0.2 points fewer than with randomly selected labels: a difference too small for this many test images to settle.",
		},
		"dense is better": {
			&Report{Accuracies: dense(1743)},
			"With 1,000 labels the fused, fine-tuned network gets 84.2 % of 2,000 held-out images right (95 % interval 82.5 to 85.7 %). " +
				"The dense network trained from scratch on the same labels gets 87.2 %.",
		},
		"dense is not told apart": {
			&Report{Accuracies: dense(1690)},
			"With 1,000 labels the fused, fine-tuned network gets 84.2 % of 2,000 held-out images right (95 % interval 82.5 to 85.7 %). " +
				"The dense network trained from scratch on the same labels gets 84.5 %, which these images cannot tell from it.",
		},
		"no random arm, with cost": {
			&Report{Accuracies: accuracies(1683, 0)[:1], CostRatio: &CostRatio{SelectorSeconds: 1, DenseSeconds: 4, SelectorMACs: 1, DenseMACs: 5}},
			"With 1,000 labels the fused, fine-tuned network gets 84.2 % of 2,000 held-out images right (95 % interval 82.5 to 85.7 %). " +
				"Selecting with the pruned network took 0.250× the time of selecting with the dense one, for 0.200× of the MACs.",
		},
		"dense is estimated": {
			&Report{CostRatio: &CostRatio{SelectorSeconds: 1, DenseSeconds: 4, SelectorMACs: 1, DenseMACs: 5, Estimated: true}},
			"Selecting with the pruned network took 0.250× the time that the dense one would take by an estimate from its time a sample, for 0.200× of the MACs.",
		},
		"not finished": {&Report{Unfinished: "3 of 9 steps are done"}, "The run is not finished: 3 of 9 steps are done."},
		"seeds": {
			rounds(),
			"With 2,000 labels the fused, fine-tuned network gets 83.0 ± 1.0 % of the held-out images right (3 seeds), with randomly selected labels 80.0 ± 1.4 %.",
		},
		"series": {
			&Report{Series: rounds().Series[2:]},
			"With 2,000 labels, PruneFuse, margin reaches 80.0 ± 1.0 % (3 seeds), random 77.0 %.",
		},
		"sizes": {
			&Report{Models: []Model{{Role: "dense", Params: 100, MACs: 1000}, {Role: "selector", Params: 25, MACs: 200}}},
			"The selector network has 0.250× of the parameters and 0.200× of the MACs of the dense network.",
		},
		"given":   {&Report{Verdict: "As the caller says."}, "As the caller says."},
		"nothing": {&Report{}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := test.report.Complete(); err != nil {
				t.Fatal(err)
			}
			if got := test.report.Verdict; got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
