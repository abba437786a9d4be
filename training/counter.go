package training

import (
	"fmt"
	"math"
)

// counter takes in logits sample by sample.
type counter struct {
	kind             LossKind
	samples, correct int
	confusion        [][]int
	loss             float64
	bins             [calibrationBins]struct {
		n, correct int
		confidence float64
	}
}

// fits refuses logits that say nothing, and labels that the model does not have.
func (c *counter) fits(logits []float32, label int, targets bool) error {
	if n := classesOf(len(logits)); !targets && label >= n {
		return fmt.Errorf("its label is %d, but the model has classes 0 to %d", label, n-1)
	}
	for _, x := range logits {
		if !finite(x) {
			return fmt.Errorf("the model's output is %v", x)
		}
	}
	return nil
}

// add counts a sample, whose label counts unless it has targets of its own.
func (c *counter) add(logits, target []float32, label int, targets bool) {
	c.samples++
	c.loss += c.kind.of(logits, target)
	ok := right(logits, target, targets && c.kind == BinaryCrossEntropy)
	if ok {
		c.correct++
	}
	answer, confidence := c.kind.answer(logits)
	b := &c.bins[min(int(confidence*calibrationBins), calibrationBins-1)]
	b.n++
	b.confidence += confidence
	if ok {
		b.correct++
	}
	if targets {
		return
	}
	if c.confusion == nil {
		c.confusion = make([][]int, classesOf(len(logits)))
		for i := range c.confusion {
			c.confusion[i] = make([]int, len(c.confusion))
		}
	}
	c.confusion[label][answer]++
}

func (c *counter) evaluation() *Evaluation {
	e := &Evaluation{Samples: c.samples, Correct: c.correct, Kind: c.kind, Confusion: c.confusion, Classes: make([]ClassResult, len(c.confusion))}
	for k, row := range c.confusion {
		r := &e.Classes[k]
		for _, n := range row {
			r.Samples += n
		}
		r.Correct = row[k]
		if r.Samples > 0 {
			r.Recall = float64(r.Correct) / float64(r.Samples)
		}
	}
	n := float64(e.Samples)
	e.Accuracy, e.Loss = float64(e.Correct)/n, c.loss/n
	for _, b := range c.bins {
		e.CalibrationError += math.Abs(float64(b.correct)-b.confidence) / n
	}
	return e
}

const calibrationBins = 15
