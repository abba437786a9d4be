package training

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// EvalOptions say how to evaluate. The zero value is the model's first output
// on samples as they are, in batches of 128.
type EvalOptions struct {
	Batch     int // samples of a run; 0 is 128. A model with a fixed batch has its own
	Workers   int // goroutines that read; 0 is one a core
	Normalize Normalize
	Logits    string // the output with a value a class; "" is the first one
	// Loss is which loss to measure, by which a model with several outputs is
	// told from one with classes. "" is BinaryCrossEntropy for a model with one
	// output or one that ends in Sigmoid, and CrossEntropy for others.
	Loss    LossKind
	Session ort.SessionOptions
}

// Evaluation is how well a model answers for a set.
type Evaluation struct {
	Samples  int     `json:"samples"`
	Correct  int     `json:"correct"`
	Accuracy float64 `json:"accuracy"`
	Loss     float64 `json:"loss"` // mean over the samples in nats
	// Kind is which loss that is.
	Kind LossKind `json:"loss_kind"`
	// CalibrationError is the expected calibration error over 15 bins of
	// equal width: how far, on average, the accuracy of answers is from the
	// confidence they are given with.
	CalibrationError float64 `json:"calibration_error"`
	// Confusion counts the samples by [label][answer]. It is nil, as Classes
	// is, for a set of Targets.
	Confusion [][]int       `json:"confusion"`
	Classes   []ClassResult `json:"classes"`
	Seconds   float64       `json:"seconds"`
}

// ClassResult is how well the samples of one class are recognised.
type ClassResult struct {
	Samples int     `json:"samples"`
	Correct int     `json:"correct"`
	Recall  float64 `json:"recall"` // 0 where there are no samples
}

const calibrationBins = 15

// Evaluate runs a model on a set. The model may end in logits, in a Softmax or
// in a Sigmoid. Answers are the largest value, the first of equals; of a
// single output class 1 where the logit is above 0. Of a set of Targets with
// binary cross-entropy an answer is right where all its outputs are. An output that
// is not finite is an error that names the sample. ort.Init must have
// succeeded.
func Evaluate(ctx context.Context, m *onnxio.Model, set Set, o EvalOptions) (*Evaluation, error) {
	e, err := evaluate(ctx, m, set, o)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return e, nil
}

func evaluate(ctx context.Context, m *onnxio.Model, set Set, o EvalOptions) (*Evaluation, error) {
	begin := time.Now()
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Batch <= 0 {
		o.Batch = defaultBatch
	}
	v := &evaluator{workers: o.Workers, batch: min(o.Batch, max(set.Len(), 1))}
	if err := v.open(m, set, o); err != nil {
		return nil, err
	}
	defer v.close()
	if err := v.run(ctx); err != nil {
		return nil, err
	}
	e := v.count.evaluation()
	e.Seconds = time.Since(begin).Seconds()
	return e, nil
}

type evaluator struct {
	*reader
	workers, batch int
	session        *ort.Session
	buffers        [2]*ort.Tensor // one in the model, one being read
	count          counter
}

// open makes the session. Of a model that ends in a Softmax it takes what
// comes before.
func (v *evaluator) open(m *onnxio.Model, set Set, o EvalOptions) error {
	ins, outs := m.Graph.Inputs(), m.Graph.Outputs()
	if len(ins) != 1 || len(outs) == 0 {
		return fmt.Errorf("the model has %d inputs and %d outputs, want one with the samples and one with the logits", len(ins), len(outs))
	}
	if o.Logits == "" {
		o.Logits = outs[0].Name
	}
	if !m.Graph.IsOutput(o.Logits) {
		return fmt.Errorf("the model has no output %q", o.Logits)
	}
	if o.Loss == "" {
		o.Loss = lossOf(m, o.Logits)
	}
	m, logits, err := beforeEnd(m, o.Logits, o.Loss)
	if err != nil {
		return err
	}
	v.count = counter{kind: o.Loss}
	if m, err = channelsFirst(m, set.Shape()); err != nil {
		return err
	}
	ins = m.Graph.Inputs()
	in := ins[0].Type
	if in.Elem != onnxio.Float32 || len(in.Shape) < 2 {
		return fmt.Errorf("input %q is %v, want float32 with a batch axis first", ins[0].Name, in)
	}
	v.batch = int(in.Shape[0].Or(int64(v.batch)))
	sample := slices.Clone(set.Shape())
	for i, d := range in.Shape[1:] {
		if n, ok := d.Value(); ok && len(sample) == len(in.Shape)-1 {
			sample[i] = int(n)
		}
	}
	if n, ok := in.Shape[1].Value(); ok && len(in.Shape) == 2 {
		sample = []int{int(n)}
	}
	if v.reader, err = newReader(set, sample, math.MaxInt, Augment{}, o.Normalize); err != nil {
		return err
	}
	bytes, err := m.Marshal()
	if err != nil {
		return err
	}
	o.Session.Outputs = []string{logits}
	if v.session, err = ort.NewSession(bytes, o.Session); err != nil {
		return err
	}
	shape := []int64{int64(v.batch)}
	for _, d := range sample {
		shape = append(shape, int64(d))
	}
	for i := range v.buffers {
		if v.buffers[i], err = ort.Zeros(onnxio.Float32, shape...); err != nil {
			v.close()
			return err
		}
	}
	return nil
}

// lossOf tells by a model which loss its output was made for.
func lossOf(m *onnxio.Model, output string) LossKind {
	t, _ := m.Graph.Declared(output)
	if (len(t.Shape) == 2 || pointLike(t.Shape)) && t.Shape[1].Is(1) || BinaryCrossEntropy.undoes(m.Graph.Producer(output)) {
		return BinaryCrossEntropy
	}
	return CrossEntropy
}

// beforeEnd is a model with the logits among its outputs, and their name.
func beforeEnd(m *onnxio.Model, output string, k LossKind) (*onnxio.Model, string, error) {
	n := m.Graph.Producer(output)
	if !k.undoes(n) {
		return m, output, nil
	}
	logits := n.Input(0)
	if m.Graph.IsOutput(logits) {
		return m, logits, nil
	}
	t, _ := m.Graph.Declared(output)
	m = m.Clone()
	p := m.Graph.Edit()
	p.SetOutputType(logits, t)
	return m, logits, p.Apply()
}

// endsInSoftmax reports whether the node that makes logits [batch, classes]
// turns them into probabilities or their logarithms.
func endsInSoftmax(n *onnxio.Node) bool {
	if n == nil || n.Domain() != "" || (n.Op() != "Softmax" && n.Op() != "LogSoftmax") {
		return false
	}
	axis := n.Int("axis", -1) // before opset 13 the default was 1, which is the same here
	return axis == 1 || axis == -1
}

func (v *evaluator) close() {
	v.session.Close()
	for _, b := range v.buffers {
		b.Close()
	}
}

// run reads a batch while the one before it is in the model. The last batch
// is filled up with what was there.
func (v *evaluator) run(ctx context.Context) error {
	total := v.set.Len()
	if err := v.fill(ctx, 0); err != nil {
		return err
	}
	for k := 0; k*v.batch < total; k++ {
		g, gctx := errgroup.WithContext(ctx)
		if (k+1)*v.batch < total {
			g.Go(func() error { return v.fill(gctx, k+1) })
		}
		out := make([]*ort.Tensor, 1)
		g.Go(func() error { return v.session.Run(gctx, []*ort.Tensor{v.buffers[k%2]}, out) })
		if err := g.Wait(); err != nil {
			return err
		}
		err := v.add(out[0], k*v.batch, min(v.batch, total-k*v.batch))
		if err := errors.Join(err, out[0].Close()); err != nil {
			return err
		}
	}
	return nil
}

// fill reads batch k into its buffer.
func (v *evaluator) fill(ctx context.Context, k int) error {
	dst := ort.Data[float32](v.buffers[k%2])
	from, to := k*v.batch, min((k+1)*v.batch, v.set.Len())
	g, ctx := errgroup.WithContext(ctx)
	for w := range v.workers {
		g.Go(func() error {
			for i := from + w; i < to; i += v.workers {
				if err := errors.Join(ctx.Err(), v.plain(i, dst[(i-from)*v.size:][:v.size:v.size])); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// add counts the first n rows of logits, which are of the samples from start.
func (v *evaluator) add(logits *ort.Tensor, start, n int) error {
	shape := logits.Shape()
	beside := func(d int64) bool { return d != 1 }
	if logits.Elem() != onnxio.Float32 || len(shape) < 2 || shape[0] != int64(v.batch) || slices.ContainsFunc(shape[2:], beside) {
		return fmt.Errorf("the output is %v for a batch of %d, want float32 [batch, classes]", logits, v.batch)
	}
	outputs := logits.Len() / v.batch
	values, target := ort.Data[float32](logits), make([]float32, outputs)
	for i := range n {
		row := values[i*outputs : (i+1)*outputs]
		if err := v.count.fits(row, v.set.Label(start+i), v.targets != nil); err != nil {
			return fmt.Errorf("sample %d: %w", start+i, err)
		}
		if err := v.target(start+i, target); err != nil {
			return err
		}
		v.count.add(row, target, v.set.Label(start+i), v.targets != nil)
	}
	return nil
}

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
