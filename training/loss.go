package training

import (
	"errors"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// LossKind is how logits are held against what was wanted.
type LossKind string

// The losses.
const (
	// CrossEntropy takes the logits for those of one distribution over the
	// classes: −Σ target·log softmax(logits), the mean over the samples.
	CrossEntropy LossKind = "cross-entropy"
	// BinaryCrossEntropy takes each logit for a yes or no of its own:
	// softplus(logit) − target·logit, the mean over samples and outputs. Of a
	// set with classes the outputs are trained one against the rest; a model
	// with one output answers whether the class is 1.
	BinaryCrossEntropy LossKind = "binary"
)

// Loss is what a step minimises. The zero value is the mean cross-entropy.
type Loss struct {
	Kind LossKind `json:"kind,omitempty"` // "" is CrossEntropy

	// Smoothing is the share of every target that goes to all classes alike,
	// in [0, 1); for CrossEntropy.
	Smoothing float32 `json:"smoothing,omitempty"`

	// Weights has a positive factor for every output, or none. The mean of
	// CrossEntropy is then weighted by what the targets give the classes, as
	// PyTorch's is; that of BinaryCrossEntropy is still over all values.
	Weights []float32 `json:"weights,omitempty"`

	// Distill, where above 0, is λ of (1−λ)·cross-entropy + λ·T²·KL, the
	// Kullback-Leibler divergence of the student's answers from a teacher's,
	// both softened: softmax(logits/T). With it Batch.Teacher has to be filled.
	Distill     float32 `json:"distill,omitempty"`     // λ, in [0, 1]
	Temperature float32 `json:"temperature,omitempty"` // T; 0 is 1
}

// kind is Kind, spelt out.
func (l Loss) kind() LossKind {
	if l.Kind == "" {
		return CrossEntropy
	}
	return l.Kind
}

func (l Loss) binary() bool { return l.Kind == BinaryCrossEntropy }

func (l Loss) check() error {
	positive := func(v float32) bool { return v > 0 && finite(v) }
	switch {
	case l.Kind != "" && l.Kind != CrossEntropy && l.Kind != BinaryCrossEntropy:
		return fmt.Errorf("loss %q: want %s or %s", l.Kind, CrossEntropy, BinaryCrossEntropy)
	case !(l.Smoothing >= 0 && l.Smoothing < 1):
		return fmt.Errorf("label smoothing %v: want at least 0 and below 1", l.Smoothing)
	case !(l.Distill >= 0 && l.Distill <= 1):
		return fmt.Errorf("distillation weight %v: want from 0 to 1", l.Distill)
	case l.Temperature != 0 && !positive(l.Temperature):
		return fmt.Errorf("temperature %v: want above 0", l.Temperature)
	case l.binary() && l.Smoothing != 0:
		return errors.New("label smoothing is for cross-entropy, not for binary cross-entropy")
	case l.binary() && l.Distill != 0:
		return errors.New("distillation is for cross-entropy, not for binary cross-entropy")
	}
	for i, w := range l.Weights {
		if !positive(w) {
			return fmt.Errorf("class weight %d is %v: want a number above 0", i, w)
		}
	}
	return nil
}

// checkOutputs refuses a model whose number of logits the loss cannot take.
func (l Loss) checkOutputs(n int) error {
	if len(l.Weights) > 0 && len(l.Weights) != n {
		return fmt.Errorf("%d class weights for a model with %d outputs", len(l.Weights), n)
	}
	return nil
}

// outputs returns the least number of logits of a sample.
func (l Loss) outputs() int64 {
	if l.binary() {
		return 1
	}
	return 2
}

// classesOf returns the number of classes that labels tell apart with n logits.
func classesOf(n int) int { return max(n, 2) }

// term is a part of what a training graph minimises: a value of shape [1] and
// its gradient by the logits, of their shape.
type term struct{ value, grad string }

// write makes the loss of logits against a target [batch, classes], each row
// with what is wanted of a sample, and the teacher's logits where distilled.
func (l Loss) write(e *op.Emit, logits, target, teacher string, classes int64) term {
	if l.binary() {
		return l.binaryCrossEntropy(e, logits, target, classes)
	}
	labels := l.crossEntropy(e, logits, target, classes)
	if l.Distill == 0 {
		return labels
	}
	t := l.Temperature
	if t == 0 {
		t = 1
	}
	kl := divergence(e, logits, teacher, t, classes)
	mix := func(label, soft string) string {
		return e.Add(e.Mul(label, e.Scalar(1-l.Distill)), e.Mul(soft, e.Scalar(l.Distill*t*t)))
	}
	return term{value: mix(labels.value, kl.value), grad: mix(labels.grad, kl.grad)}
}

// crossEntropy is Σ w·target·−log softmax(logits) over the batch, by Σ w·target
// before smoothing, which is the number of samples where nothing is weighted.
func (l Loss) crossEntropy(e *op.Emit, logits, target string, classes int64) term {
	log := e.Op("LogSoftmax", []string{logits}, onnxio.Int("axis", 1))
	wanted := target
	if l.Smoothing > 0 {
		wanted = e.Add(e.Mul(target, e.Scalar(1-l.Smoothing)), e.Scalar(l.Smoothing/float32(classes)))
	}
	if len(l.Weights) == 0 {
		each := e.Sum(e.Mul(log, wanted), false, 1)
		return term{
			value: e.Neg(e.Mean(each, true, 0)),
			grad:  e.Div(e.Sub(e.Op("Exp", []string{log}), wanted), batchSize(e, logits, classes)),
		}
	}
	w := l.weights(e)
	weight := e.Sum(e.Sum(e.Mul(target, w), false, 1), true, 0)
	wanted = e.Mul(wanted, w)
	each := e.Sum(e.Mul(log, wanted), false, 1)
	return term{
		value: e.Neg(e.Div(e.Sum(each, true, 0), weight)),
		grad:  e.Div(e.Sub(e.Mul(e.Op("Exp", []string{log}), e.Sum(wanted, true, 1)), wanted), weight),
	}
}

// divergence returns the mean over the batch of KL(teacher ‖ student) at a
// temperature.
func divergence(e *op.Emit, logits, teacher string, temperature float32, classes int64) term {
	soft := func(x string) (log, p string) {
		log = e.Op("LogSoftmax", []string{e.Mul(x, e.Scalar(1/temperature))}, onnxio.Int("axis", 1))
		return log, e.Op("Exp", []string{log})
	}
	log, p := soft(logits)
	wantedLog, wanted := soft(teacher)
	each := e.Sum(e.Mul(wanted, e.Sub(wantedLog, log)), false, 1)
	return term{
		value: e.Mean(each, true, 0),
		grad:  e.Div(e.Mul(e.Sub(p, wanted), e.Scalar(1/temperature)), batchSize(e, logits, classes)),
	}
}

func (l Loss) binaryCrossEntropy(e *op.Emit, logits, target string, classes int64) term {
	each := e.Sub(e.Of("Softplus", logits), e.Mul(logits, target))
	grad := e.Sub(e.Of("Sigmoid", logits), target)
	if len(l.Weights) > 0 {
		w := l.weights(e)
		each, grad = e.Mul(each, w), e.Mul(grad, w)
	}
	return term{
		value: e.Mean(e.Mean(each, false, 1), true, 0),
		grad:  e.Div(grad, e.Mul(batchSize(e, logits, classes), e.Scalar(float32(classes)))),
	}
}

// weights returns a constant with the factor of every output.
func (l Loss) weights(e *op.Emit) string {
	name := e.Patch.Fresh(e.Prefix + "class_weights")
	e.Patch.SetInitializer(onnxio.NewTensor(name, []int64{int64(len(l.Weights))}, l.Weights))
	return name
}

// batchSize returns the number of rows of logits, as a float32.
func batchSize(e *op.Emit, logits string, classes int64) string {
	size := e.Op("Cast", []string{e.Op("Size", []string{logits})}, onnxio.Int("to", int64(onnxio.Float32)))
	return e.Div(size, e.Scalar(float32(classes)))
}

// of returns the loss of one sample's logits against its row of targets, as an
// evaluation counts it: without weights, smoothing or teacher.
func (k LossKind) of(logits, target []float32) float64 {
	if k == BinaryCrossEntropy {
		sum := 0.0
		for c, x := range logits {
			x := float64(x)
			sum += max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) - float64(target[c])*x
		}
		return sum / float64(len(logits))
	}
	top := float64(logits[argmax(logits)])
	sum, dot, mass := 0.0, 0.0, 0.0
	for c, x := range logits {
		sum += math.Exp(float64(x) - top)
		dot += float64(target[c]) * float64(x)
		mass += float64(target[c])
	}
	return mass*(math.Log(sum)+top) - dot
}

// answer returns the class that logits name, and the probability they give it.
func (k LossKind) answer(logits []float32) (class int, confidence float64) {
	if len(logits) == 1 {
		if logits[0] > 0 {
			class = 1
		}
		return class, 1 / (1 + math.Exp(-math.Abs(float64(logits[0]))))
	}
	class = argmax(logits)
	top := float64(logits[class])
	if k == BinaryCrossEntropy {
		return class, 1 / (1 + math.Exp(-top))
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	return class, 1 / sum
}
