package loop

import (
	"fmt"

	"github.com/prunefuse/prunefuse/internal/forecast"
)

// Forecast is what more labels are likely to bring the selector, by how its accuracy went
// so far.
type Forecast struct {
	Labels   int     `json:"labels"`
	Accuracy float64 `json:"accuracy"`
	Low      float64 `json:"low"` // in 95 of 100 cases it is from here
	High     float64 `json:"high"`
}

// forecastOf tells what the next batch is likely to bring, or, where there is none,
// twice the labels; nil where too few selectors were tested.
func forecastOf(method Arm) *Forecast {
	s := method.State
	var points []forecast.Point
	for _, r := range s.Results {
		if r.Role == Picked {
			points = append(points, forecast.Point{Labels: r.Labels, Correct: r.Correct, Total: r.Total})
		}
	}
	curve, err := forecast.Fit(points)
	if err != nil {
		return nil
	}
	n := 2 * s.Labelled()
	if add := method.Spec.Config.Label.Add; len(s.Labels) > 0 && len(s.Labels) <= len(add) {
		n = s.Labelled() + add[len(s.Labels)-1]
	}
	f := &Forecast{Labels: n}
	f.Accuracy, f.Low, f.High = curve.At(n)
	return f
}

// Text tells the same in a line.
func (f *Forecast) Text() string {
	return fmt.Sprintf("%s labels: selector at %.1f %%, from %.1f to %.1f in 95 of 100 cases", count(f.Labels), 100*f.Accuracy, 100*f.Low, 100*f.High)
}
