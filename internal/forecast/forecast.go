// Package forecast says what more labels are likely to bring, from the accuracies that
// fewer brought: the error falls as a power of their number (Hestness et al. 2017, arXiv
// 1712.00409), and a straight line is fitted to its logarithm. Not guaranteed: that the
// law holds beyond the points, which a change of the recipe, or of how samples are chosen,
// undoes.
package forecast

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Point is an accuracy that was measured.
type Point struct {
	Labels         int
	Correct, Total int // of held-out samples
}

// Curve is the fitted law: the logarithm of the error is Level + Slope·ln(labels).
type Curve struct {
	Level, Slope float64

	at      float64 // weighted mean of ln(labels)
	spread  float64 // weighted sum of squares about it
	weights float64 // their sum
	scale   float64 // of the variances, from the residuals; at least 1
	freedom float64
	total   int // held-out samples of the last point
}

// least is how few points a curve needs: two for the line, and one to tell how well it
// fits.
const least = 3

// ErrFew says that there are too few points for a curve.
var ErrFew = errors.New("too few points: a curve needs three of different numbers of labels")

// Fit fits the law by least squares, each point weighted by what the size of the
// held-out set lets its error be known to.
func Fit(points []Point) (*Curve, error) {
	seen := map[int]bool{}
	for _, p := range points {
		if p.Labels > 0 && p.Total > 0 {
			seen[p.Labels] = true
		}
	}
	if len(seen) < least || len(seen) != len(points) {
		return nil, ErrFew
	}
	c := &Curve{freedom: float64(len(points) - 2), total: points[len(points)-1].Total}
	var meanY float64
	for _, p := range points {
		w := 1 / variance(logError(p), p.Total)
		c.weights += w
		c.at += w * math.Log(float64(p.Labels))
		meanY += w * logError(p)
	}
	c.at, meanY = c.at/c.weights, meanY/c.weights
	for _, p := range points {
		w, x := 1/variance(logError(p), p.Total), math.Log(float64(p.Labels))-c.at
		c.spread += w * x * x
		c.Slope += w * x * (logError(p) - meanY)
	}
	c.Slope /= c.spread
	c.Level = meanY - c.Slope*c.at
	for _, p := range points {
		r := logError(p) - c.Level - c.Slope*math.Log(float64(p.Labels))
		c.scale += r * r / variance(logError(p), p.Total) / c.freedom
	}
	c.scale = max(1, c.scale)
	return c, nil
}

// logError is the logarithm of a point's error. Where nothing was wrong it counts as
// half a sample.
func logError(p Point) float64 {
	wrong := max(float64(p.Total-p.Correct), 0.5)
	return math.Log(wrong / float64(p.Total))
}

// variance is that of the logarithm of an error which is measured on so many samples, by
// the delta method.
func variance(logError float64, total int) float64 {
	e := math.Exp(logError)
	return max(1-e, 1/float64(total)) / (e * float64(total))
}

// At returns the accuracy to expect with so many labels, and between what limits the one
// that is measured then lies in 95 of 100 cases.
func (c *Curve) At(labels int) (accuracy, low, high float64) {
	x := math.Log(float64(labels))
	y := min(c.Level+c.Slope*x, 0)
	v := c.scale * (1/c.weights + (x-c.at)*(x-c.at)/c.spread + variance(y, c.total))
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: c.freedom}.Quantile(0.975) * math.Sqrt(v)
	clip := func(logError float64) float64 { return 1 - math.Exp(min(logError, 0)) }
	return clip(y), clip(y + half), clip(y - half)
}
