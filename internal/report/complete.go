package report

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// confidence is the level of all intervals of accuracies.
const confidence = 0.95

// Complete checks what was filled in and derives the rest. It changes nothing
// when called again. [Render] and [Write] call it themselves.
func (r *Report) Complete() error {
	if err := r.check(); err != nil {
		return err
	}
	r.Schema = Schema
	r.Confidence = confidence
	r.compareModels()
	r.compareAccuracies()
	for i := range r.Series {
		r.Series[i].summarise()
	}
	r.total()
	r.compareChoosing()
	if c := r.CostRatio; c != nil {
		c.SecondsRatio = ratio(c.SelectorSeconds, c.DenseSeconds)
		c.MACsRatio = ratio(float64(c.SelectorMACs), float64(c.DenseMACs))
		c.Overhead = ratio(c.SecondsRatio, c.MACsRatio)
	}
	r.balance()
	if r.People != nil {
		r.People.complete()
	}
	if r.Selection != nil {
		r.Selection.Shown = len(r.Selection.Thumbs)
	}
	if r.Verdict == "" {
		r.Verdict = r.verdict()
	}
	return nil
}

// check returns the first thing no run can have measured.
func (r *Report) check() error {
	if err := finite(reflect.ValueOf(r), "report"); err != nil {
		return err
	}
	for _, a := range r.Accuracies {
		if a.Total < 1 || a.Correct < 0 || a.Correct > a.Total {
			return fmt.Errorf("report: accuracy %q: %d correct of %d images", a.Name, a.Correct, a.Total)
		}
	}
	for _, s := range r.Series {
		for i, p := range s.Points {
			if i > 0 && p.Labels <= s.Points[i-1].Labels {
				return fmt.Errorf("report: series %q: %d labels after %d", s.Name, p.Labels, s.Points[i-1].Labels)
			}
			if (p.Low == nil) != (p.High == nil) {
				return fmt.Errorf("report: series %q: %d labels: an interval with one end", s.Name, p.Labels)
			}
		}
	}
	for _, c := range r.Curves {
		if n := max(len(c.Loss), len(c.Accuracy), len(c.Rate)); len(c.Steps) > 0 && len(c.Steps) < n {
			return fmt.Errorf("report: curve %q: steps of %d entries, and there are %d", c.Name, len(c.Steps), n)
		}
	}
	if err := r.checkRounds(); err != nil {
		return err
	}
	for _, l := range r.Layers {
		if err := l.check(); err != nil {
			return fmt.Errorf("report: layer %q: %w", l.Name, err)
		}
	}
	return nil
}

func (l Layer) check() error {
	if l.Channels < 1 || l.Kept < 0 || l.Kept > l.Channels {
		return fmt.Errorf("%d of %d channels kept", l.Kept, l.Channels)
	}
	if len(l.Indices) == 0 {
		return nil
	}
	if len(l.Indices) != l.Kept {
		return fmt.Errorf("%d indices of %d kept channels", len(l.Indices), l.Kept)
	}
	last := -1
	for _, c := range l.Indices {
		if c <= last || c >= l.Channels {
			return fmt.Errorf("channel %d after %d of %d", c, last, l.Channels)
		}
		last = c
	}
	return nil
}

// finite returns an error that names the first number below v that JSON
// cannot hold.
func finite(v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%s is %v", path, f)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return finite(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := finite(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if err := finite(v.Field(i), path+"."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Report) compareModels() {
	for i := range r.Models {
		m, first := &r.Models[i], r.Models[0]
		m.ParamsRatio = ratio(float64(m.Params), float64(first.Params))
		m.MACsRatio = ratio(float64(m.MACs), float64(first.MACs))
		m.BytesRatio = ratio(float64(m.Bytes), float64(first.Bytes))
	}
}

// compareChoosing sets what choosing cost against what it cost the dense network.
func (r *Report) compareChoosing() {
	i := slices.IndexFunc(r.Choosing, func(c Choosing) bool { return c.Arm == "dense" })
	for k := range r.Choosing {
		c := &r.Choosing[k]
		c.SecondsRatio, c.MACsRatio = 0, 0
		if i >= 0 && k != i {
			c.SecondsRatio = ratio(c.Seconds, r.Choosing[i].Seconds)
			c.MACsRatio = ratio(float64(c.MACs), float64(r.Choosing[i].MACs))
		}
	}
}

func (r *Report) compareAccuracies() {
	for i := range r.Accuracies {
		a := &r.Accuracies[i]
		a.Value = ratio(float64(a.Correct), float64(a.Total))
		a.Low, a.High = wilson(a.Correct, a.Total)
	}
	result := r.accuracy(RoleFineTuned)
	for i := range r.Accuracies {
		a := &r.Accuracies[i]
		a.Lead = nil
		if result != nil && a != result {
			d := newcombe(*result, *a)
			a.Lead = &d
		}
	}
}

// wilson is the score interval of a proportion.
func wilson(correct, total int) (low, high float64) {
	z := distuv.UnitNormal.Quantile(1 - (1-confidence)/2)
	n := float64(total)
	p := float64(correct) / n
	centre := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return rounded(math.Max(0, centre-half)), rounded(math.Min(1, centre+half))
}

// newcombe is a − b with the interval made from those of a and b.
func newcombe(a, b Accuracy) Difference {
	d := a.Value - b.Value
	return Difference{
		Value: rounded(d),
		Low:   rounded(d - math.Hypot(a.Value-a.Low, b.High-b.Value)),
		High:  rounded(d + math.Hypot(a.High-a.Value, b.Value-b.Low)),
	}
}

func (s *Series) summarise() {
	s.Seeds = 0
	for i := range s.Points {
		p := &s.Points[i]
		p.Seeds = max(len(p.Values), 1)
		s.Seeds = max(s.Seeds, p.Seeds)
		switch len(p.Values) {
		case 0:
		case 1:
			p.Accuracy, p.Std, p.Low, p.High = p.Values[0], nil, nil, nil
		default:
			mean, std := stat.MeanStdDev(p.Values, nil)
			mean, std = rounded(mean), rounded(std)
			low, high := rounded(mean-std), rounded(mean+std)
			p.Accuracy, p.Std, p.Low, p.High = mean, &std, &low, &high
		}
	}
}

func (r *Report) total() {
	slices.SortStableFunc(r.Ledger, func(a, b Cost) int { return purpose(a) - purpose(b) })
	r.Totals = nil
	method, comparison := Cost{Module: "method"}, Cost{Module: "comparisons", Comparison: true}
	for _, c := range r.Ledger {
		sum := &method
		if c.Comparison {
			sum = &comparison
		}
		sum.Seconds += c.Seconds
		sum.Waited += c.Waited
		sum.MACs += c.MACs
		sum.Samples += c.Samples
	}
	all := method.Seconds + comparison.Seconds
	for i := range r.Ledger {
		r.Ledger[i].Share = ratio(r.Ledger[i].Seconds, all)
	}
	for _, sum := range []Cost{method, comparison} {
		if sum.Samples != 0 || sum.Seconds != 0 {
			sum.Share = ratio(sum.Seconds, all)
			r.Totals = append(r.Totals, sum)
		}
	}
}

// purpose orders what the method spent before what comparisons did.
func purpose(c Cost) int {
	if c.Comparison {
		return 1
	}
	return 0
}

// ratio is a/b, or 0 when there is nothing to compare with.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return rounded(a / b)
}

// rounded keeps six significant digits: more than any figure here is good for,
// and the same on processors that fuse multiplication and addition.
func rounded(x float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
	if err != nil {
		panic("BUG: formatted number does not parse: " + err.Error())
	}
	return r
}
