package latency

import (
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Stats are the measured runs of one candidate.
type Stats struct {
	Name    string
	Samples int64 // in a run
	// Times are of the runs in the order they were taken: the i-th of every
	// candidate is of the same round.
	Times []time.Duration
}

// Quantile returns the time that the fraction q of the runs do not exceed, and
// zero without runs.
func (s Stats) Quantile(q float64) time.Duration {
	if len(s.Times) == 0 {
		return 0
	}
	t := slices.Sorted(slices.Values(s.Times))
	at := q * float64(len(t)-1)
	i := min(int(at), len(t)-1)
	j := min(i+1, len(t)-1)
	return t[i] + time.Duration(math.Round((at-float64(i))*float64(t[j]-t[i])))
}

// Median returns the middle time.
func (s Stats) Median() time.Duration { return s.Quantile(0.5) }

// Throughput is samples a second, at the median time.
func (s Stats) Throughput() float64 { return float64(s.Samples) / s.Median().Seconds() }

// Ratio is how many times a candidate's time another takes.
type Ratio struct {
	Median float64
	// Low and High hold the median with a confidence of at least 95 %; both
	// are NaN where there are too few rounds to say.
	Low, High float64
}

// RatioOf compares b with a round by round: the median of the ratios of their
// times, for each sample where runs differ in samples, with the interval that
// the order of the ratios gives whatever their distribution is.
func RatioOf(a, b Stats) Ratio {
	n := min(len(a.Times), len(b.Times))
	if n == 0 {
		return Ratio{math.NaN(), math.NaN(), math.NaN()}
	}
	perSample := float64(a.Samples) / float64(b.Samples)
	r := make([]float64, n)
	for i := range r {
		r[i] = perSample * float64(b.Times[i]) / float64(a.Times[i])
	}
	slices.Sort(r)
	out := Ratio{(r[(n-1)/2] + r[n/2]) / 2, math.NaN(), math.NaN()}
	if k := rankBelow(n); k >= 0 {
		out.Low, out.High = r[k], r[n-1-k]
	}
	return out
}

// rankBelow returns the greatest rank k, from 0, for which the k-th and the
// k-th last of n sorted numbers hold the median of their distribution with a
// confidence of 95 %: at most 2.5 % of the time do k or fewer lie below it. It
// is -1 where there is none.
func rankBelow(n int) int {
	below := distuv.Binomial{N: float64(n), P: 0.5}
	k := -1
	for below.CDF(float64(k+1)) <= 0.025 {
		k++
	}
	return k
}
