package latency

import (
	"math"
	"runtime"
)

// Measurement is what was measured at one number of threads, of one model or
// of two side by side.
type Measurement struct {
	Threads int    `json:"threads"`
	Times   []Time `json:"times"` // of each model, in their order
	// Ratio is the second model's time over the first's, for each sample; nil
	// unless there are two.
	Ratio *MeasuredRatio `json:"ratio,omitempty"`
}

// Time is how long runs of a model took.
type Time struct {
	Batch         int64   `json:"batch"` // samples in a run
	Runs          int     `json:"runs"`
	MedianSeconds float64 `json:"median_seconds"`
	P5Seconds     float64 `json:"p5_seconds"`
	P95Seconds    float64 `json:"p95_seconds"`
	Throughput    float64 `json:"samples_per_second"`

	Stats Stats `json:"-"`
}

// MeasuredRatio is a median with its 95 % confidence interval, which is absent
// for fewer than six runs.
type MeasuredRatio struct {
	Median float64  `json:"median"`
	Low    *float64 `json:"low,omitempty"`
	High   *float64 `json:"high,omitempty"`
}

// Measured sums up what [Compare] gave at a number of threads; 0 is one a
// core.
func Measured(threads int, stats []Stats) Measurement {
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	m := Measurement{Threads: threads}
	for _, s := range stats {
		m.Times = append(m.Times, Time{
			s.Samples, len(s.Times),
			s.Median().Seconds(), s.Quantile(0.05).Seconds(), s.Quantile(0.95).Seconds(), s.Throughput(), s,
		})
	}
	if len(stats) == 2 {
		ratio := RatioOf(stats[0], stats[1])
		m.Ratio = &MeasuredRatio{Median: ratio.Median}
		if !math.IsNaN(ratio.Low) {
			m.Ratio.Low, m.Ratio.High = &ratio.Low, &ratio.High
		}
	}
	return m
}
