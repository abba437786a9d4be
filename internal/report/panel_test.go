package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestHidden(t *testing.T) {
	t.Parallel()
	fine := track{name: "fine", x: []float64{10, 20, 30, 40}, y: []float64{1, 1, 0.1, 0.1}}
	tests := map[string]struct {
		other track
		want  []int
	}{
		"sampled coarsely":     {track{x: []float64{20, 40}, y: []float64{1, 0.1}}, []int{-1, 0}},
		"in the middle of it":  {track{x: []float64{15, 25, 35}, y: []float64{1, 0.5, 0.1}}, []int{-1, 0}},
		"another height":       {track{x: []float64{20, 40}, y: []float64{1, 0.2}}, []int{-1, -1}},
		"begins before":        {track{x: []float64{5, 40}, y: []float64{1, 0.1}}, []int{-1, -1}},
		"ends after":           {track{x: []float64{20, 50}, y: []float64{1, 0.1}}, []int{-1, -1}},
		"a lone point":         {track{x: []float64{20}, y: []float64{1}}, []int{-1, -1}},
		"with a band":          {track{x: []float64{20, 40}, y: []float64{1, 0.1}, low: []float64{0, 0}, high: []float64{2, 2}}, []int{-1, -1}},
		"the one is the finer": {track{x: []float64{10, 20, 25, 30, 40}, y: []float64{1, 1, 0.3, 0.1, 0.1}}, []int{1, -1}},
	}
	for name, test := range tests {
		if got := hidden([]track{fine, test.other}, 1e-6); !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

// trainings are n of one kind, each with a loss of its own and the same rates.
func trainings(kind string, n int) (out []Curve) {
	for i := range n {
		out = append(out, Curve{
			Name: fmt.Sprint(kind, i), Kind: kind, Steps: []int{4, 8},
			Loss: []float64{float64(2 + i), float64(1 + i)}, Rate: []float64{0.1, 0.01},
		})
	}
	return out
}

func TestTrainingPanels(t *testing.T) {
	t.Parallel()
	panels := trainingPanels(slices.Concat(trainings("a", 11), trainings("b", 2)))
	if len(panels) != 2 {
		t.Fatalf("%d panels", len(panels))
	}
	many := panels[0]
	var names []string
	for _, k := range many.Legend {
		names = append(names, k.Name)
	}
	if got := strings.Join(names, " "); got != "a0 a2 a4 a6 a8 a10" || many.Note == "" || panels[1].Note != "" {
		t.Errorf("of eleven are drawn %s; notes %q and %q", got, many.Note, panels[1].Note)
	}
	if len(many.Charts) != 2 || len(many.Charts[0].Lines) != maxLines || many.Charts[0].XLabel != "step" {
		t.Fatalf("charts %+v", many.Charts)
	}
	if rate := many.Charts[1]; len(rate.Lines) != 1 || len(rate.Same) != 1 || !strings.HasPrefix(rate.Same[0], "One line for all") {
		t.Errorf("%d lines of one rate, %q", len(rate.Lines), rate.Same)
	}
	if panels[0].Charts[0].ID == panels[1].Charts[0].ID {
		t.Error("two charts have one ID")
	}
	mixed := trainings("a", 2)
	mixed[1].Steps = nil
	if unit := trainingPanels(mixed)[0].Charts[0].XLabel; unit != "epoch" {
		t.Errorf("trainings of which one counts epochs are drawn by %s", unit)
	}
}

func TestShownClasses(t *testing.T) {
	t.Parallel()
	counts := make([]int, 100)
	for i := range counts {
		counts[i] = 100 - i
	}
	got := shownClasses([]Balance{{Counts: counts}})
	if len(got) != maxClasses || got[0] != 99 || got[maxClasses-1] != 0 {
		t.Errorf("of a hundred classes %v", got)
	}
	if got := shownClasses([]Balance{{Counts: counts[:3]}}); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("of three classes %v", got)
	}
}

func TestBars(t *testing.T) {
	t.Parallel()
	if got, want := bars([]int{1, 0, 3}, 0.75), "M0 20h0.84v-6.7h-0.84zM2 20h0.84v-20h-0.84z"; got != want {
		t.Errorf("bars %q, want %q", got, want)
	}
}
