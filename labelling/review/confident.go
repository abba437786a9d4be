package review

import "fmt"

// Confident is what confident learning says of labels.
type Confident struct {
	// Thresholds are, by class, the mean probability of the class over the samples
	// labelled with it; 2, which no sample reaches, for a class without any.
	Thresholds []float64
	// Classes are the classes that the samples are counted to: of those whose
	// probability reaches the threshold the most likely one; -1 where none does.
	Classes []int
	// Joint counts samples: labelled with the class of the row, counted to that of the
	// column.
	Joint [][]int
	// Errors is how many labels are estimated to be wrong: the share of each row that
	// is counted to other classes, of all samples with that label.
	Errors float64
}

// unreached is the threshold of a class that no sample is labelled with.
const unreached = 2

// LearnConfident counts samples by their labels and probabilities, a row of as many
// classes each.
func LearnConfident(labels []int, probabilities [][]float32) (*Confident, error) {
	if len(labels) == 0 || len(labels) != len(probabilities) {
		return nil, fmt.Errorf("learn from labels: there are %d, and %d rows of probabilities", len(labels), len(probabilities))
	}
	k := len(probabilities[0])
	c := &Confident{Thresholds: make([]float64, k), Classes: make([]int, len(labels)), Joint: make([][]int, k)}
	of := make([]int, k)
	for i, y := range labels {
		if y < 0 || y >= k || len(probabilities[i]) != k {
			return nil, fmt.Errorf("learn from labels: sample %d has label %d and %d probabilities; there are %d classes", i, y, len(probabilities[i]), k)
		}
		of[y]++
		c.Thresholds[y] += float64(probabilities[i][y])
	}
	for y, n := range of {
		c.Joint[y] = make([]int, k)
		if c.Thresholds[y] /= float64(n); n == 0 {
			c.Thresholds[y] = unreached
		}
	}
	for i, y := range labels {
		c.Classes[i] = c.count(probabilities[i])
		if at := c.Classes[i]; at >= 0 {
			c.Joint[y][at]++
		}
	}
	c.Errors = c.errors(of)
	return c, nil
}

// count is the class that a sample is counted to, -1 for none.
func (c *Confident) count(p []float32) int {
	best := -1
	for j, v := range p {
		if float64(v) >= c.Thresholds[j] && (best < 0 || v > p[best]) {
			best = j
		}
	}
	return best
}

// errors scales the rows of the joint to the samples of each label.
func (c *Confident) errors(of []int) (wrong float64) {
	for y, row := range c.Joint {
		counted := 0
		for _, n := range row {
			counted += n
		}
		if counted > 0 {
			wrong += float64(of[y]) * float64(counted-row[y]) / float64(counted)
		}
	}
	return wrong
}
