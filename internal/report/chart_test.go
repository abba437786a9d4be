package report

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestSpread(t *testing.T) {
	t.Parallel()
	tests := []struct {
		lo, hi float64
		n      int
		want   []float64
	}{
		{0.61, 0.81, 5, []float64{0.6, 0.65, 0.7, 0.75, 0.8, 0.85}},
		{0, 10, 5, []float64{0, 2, 4, 6, 8, 10}},
		{1, 12, 6, []float64{0, 2, 4, 6, 8, 10, 12}},
		{0.5, 0.5, 5, []float64{0.46, 0.48, 0.5, 0.52, 0.54}},
	}
	for _, test := range tests {
		got, step := spread(test.lo, test.hi, test.n)
		same := slices.EqualFunc(got, test.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
		if !same || step <= 0 {
			t.Errorf("spread(%v, %v, %d) = %v by %v, want %v", test.lo, test.hi, test.n, got, step, test.want)
		}
	}
}

func TestTicksAreWrittenToTheirStep(t *testing.T) {
	t.Parallel()
	tests := []struct{ got, want string }{
		{numberTick(0.5, 0.5), "0.5"},
		{numberTick(2, 1), "2"},
		{numberTick(0.15, 0.05), "0.15"},
		{percentTick(0.65, 0.05), "65\u202f%"},
		{percentTick(0.605, 0.005), "60.5\u202f%"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("got %q, want %q", test.got, test.want)
		}
	}
}

func TestChartsNeedTwoPoints(t *testing.T) {
	t.Parallel()
	one := []Series{{Name: "a", Points: []Point{{Labels: 10, Accuracy: 0.5}}}, {Name: "b", Points: []Point{{Labels: 10, Accuracy: 0.6}}}}
	if seriesPanel(one) != nil || seriesPanel(nil) != nil {
		t.Error("a chart of a single labelled count")
	}
	if trainingPanels([]Curve{{Name: "a", Loss: []float64{1}}}) != nil || trainingPanels([]Curve{{Name: "a"}}) != nil {
		t.Error("a chart of a single epoch")
	}
}

func TestSeriesChart(t *testing.T) {
	t.Parallel()
	r := rounds()
	if err := r.Complete(); err != nil {
		t.Fatal(err)
	}
	c := seriesPanel(r.Series[2:]).Charts[0]
	var x []string
	for _, tick := range c.XTicks {
		x = append(x, tick.Text)
	}
	if got := strings.Join(x, " "); got != "500 1,000 2,000" {
		t.Errorf("x ticks %s", got)
	}
	if c.Lines[0].Band == "" || c.Lines[1].Band != "" {
		t.Error("the band belongs to the series with seeds, and to it alone")
	}
	if c.Lines[0].Class == c.Lines[1].Class || c.Lines[0].Sign == c.Lines[1].Sign {
		t.Error("two lines look the same")
	}
	for _, m := range append(c.Lines[0].Marks, c.Lines[1].Marks...) {
		if m.X < plotLeft || m.X > plotRight || m.Y < plotTop || m.Y > plotBottom {
			t.Errorf("marker %v lies outside the plot", m)
		}
	}
	if first, last := c.Lines[0].Marks[0], c.Lines[0].Marks[2]; first.X >= last.X || first.Y <= last.Y {
		t.Errorf("accuracy that rises with labels is drawn from %v to %v", first, last)
	}
}

func TestCrowdedXTicksAreRound(t *testing.T) {
	t.Parallel()
	xs := []float64{1000, 1100, 1200, 1300, 20_000}
	ticks := xTicks(xs, axis{lo: 1000, hi: 20_000, from: plotLeft, to: plotRight})
	for _, tick := range ticks {
		if !strings.HasSuffix(tick.Text, "000") {
			t.Errorf("tick %q", tick.Text)
		}
	}
	if len(ticks) < 3 {
		t.Errorf("only %d ticks", len(ticks))
	}
}

func TestStrip(t *testing.T) {
	t.Parallel()
	tests := []struct {
		layer Layer
		want  string
	}{
		{Layer{Channels: 8, Kept: 3}, "M0 0h3v1h-3z"},
		{Layer{Channels: 8, Kept: 2, Indices: []int{1, 7}}, "M1 0h0.84v1h-0.84zM7 0h0.84v1h-0.84z"},
		{Layer{Channels: 128, Kept: 1, Indices: []int{100}}, "M100 0h1v1h-1z"},
	}
	for _, test := range tests {
		if got := strip(test.layer); got != test.want {
			t.Errorf("strip(%+v) = %q, want %q", test.layer, got, test.want)
		}
	}
}
