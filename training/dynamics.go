package training

import (
	"errors"
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// DynamicsOptions ask for what a training sees of every sample.
type DynamicsOptions struct {
	// Early is the number of first epochs over which EL2N and GraNd are
	// averaged; 0 is 10.
	Early int
}

const defaultEarly = 10

// Dynamics is what a training saw of one sample, each time before the step
// that took it, as the network was in training: with the statistics of its
// batch, with Dropout, and augmented.
type Dynamics struct {
	Taken int // how often it was
	// Forgotten counts the times that it was answered wrong after it had been
	// answered right the time before: Toneva et al., arXiv 1812.05159. Learned
	// is false for a sample that was never answered right, which ranks above
	// any count.
	Forgotten int
	Learned   bool
	// EL2N is the mean of ‖softmax(logits) − onehot(label)‖₂ over the early
	// epochs, GraNd that of the norm of the gradient of the sample's
	// cross-entropy by the weights and biases of the last layer: Paul et al.,
	// arXiv 2107.07075. EL2N is NaN for a sample that the early epochs did not
	// take, GraNd also where no fully connected layer makes the logits.
	EL2N, GraNd float64
	// AUM is the mean of the label's logit less the greatest other one: Pleiss
	// et al., arXiv 2001.10528.
	AUM float64
	// Class and Confidence are the last answer.
	Class      int
	Confidence float64
}

// dynamics gathers them, in memory for some numbers a sample.
type dynamics struct {
	early int // epochs
	norms bool

	// An entry a sample. right is 0 until the first right answer, then 1 after
	// a right and 2 after a wrong one.
	taken, tookEarly, forgotten, right, class []int32
	el2n, grand, margin, confidence           []float32
}

// newDynamics refuses runs in which a sample has no one label.
func newDynamics(o Options, source *reader, norms bool) (*dynamics, error) {
	switch {
	case o.Dynamics.Early < 0:
		return nil, fmt.Errorf("dynamics: %d early epochs", o.Dynamics.Early)
	case o.Step.Loss.binary() || source.targets != nil:
		return nil, errors.New("dynamics are of cross-entropy with one label a sample")
	case o.Augment.Mixup > 0 || o.Augment.Cutmix > 0:
		return nil, errors.New("dynamics are of single samples: leave out mixup and cutmix")
	}
	d := &dynamics{early: o.Dynamics.Early, norms: norms}
	if d.early == 0 {
		d.early = defaultEarly
	}
	for _, list := range d.counts() {
		*list.values = make([]int32, source.set.Len())
	}
	for _, list := range d.sums() {
		*list.values = make([]float32, source.set.Len())
	}
	return d, nil
}

// add takes in a batch after the step that took it.
func (d *dynamics) add(b *Batch, set Set, epoch int) {
	for at, i := range b.index {
		norm := float32(math.NaN())
		if d.norms {
			norm = b.norms()[at]
		}
		d.one(i, set.Label(i), b.row(b.logits, at), norm, epoch < d.early)
	}
}

// one takes in an answer. The norm is that of what the last layer multiplies
// its weights and biases by, squared.
func (d *dynamics) one(i, label int, logits []float32, norm float32, early bool) {
	d.taken[i]++
	answer, confidence := CrossEntropy.answer(logits)
	d.class[i], d.confidence[i] = int32(answer), float32(confidence)
	switch {
	case answer == label:
		d.right[i] = 1
	case d.right[i] == 1:
		d.forgotten[i]++
		d.right[i] = 2
	}
	other := math.Inf(-1)
	for k, x := range logits {
		if k != label {
			other = max(other, float64(x))
		}
	}
	d.margin[i] += float32(float64(logits[label]) - other)
	if !early {
		return
	}
	sum, square := 0.0, 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - float64(logits[answer]))
	}
	for k, x := range logits {
		p := math.Exp(float64(x)-float64(logits[answer])) / sum
		if k == label {
			p--
		}
		square += p * p
	}
	d.tookEarly[i]++
	d.el2n[i] += float32(math.Sqrt(square))
	d.grand[i] += float32(math.Sqrt(square * float64(norm)))
}

// samples is what was gathered, by sample.
func (d *dynamics) samples() []Dynamics {
	out := make([]Dynamics, len(d.taken))
	for i := range out {
		n, early := float64(d.taken[i]), float64(d.tookEarly[i])
		out[i] = Dynamics{
			Taken: int(d.taken[i]), Forgotten: int(d.forgotten[i]), Learned: d.right[i] > 0,
			EL2N: float64(d.el2n[i]) / early, GraNd: float64(d.grand[i]) / early, AUM: float64(d.margin[i]) / n,
			Class: int(d.class[i]), Confidence: float64(d.confidence[i]),
		}
	}
	return out
}

// gathered is one list of a checkpoint.
type gathered[T any] struct {
	name   string
	values *[]T
}

func (d *dynamics) counts() []gathered[int32] {
	return []gathered[int32]{
		{"dynamics/taken", &d.taken},
		{"dynamics/took_early", &d.tookEarly},
		{"dynamics/forgotten", &d.forgotten},
		{"dynamics/right", &d.right},
		{"dynamics/class", &d.class},
	}
}

func (d *dynamics) sums() []gathered[float32] {
	return []gathered[float32]{
		{"dynamics/el2n", &d.el2n},
		{"dynamics/grand", &d.grand},
		{"dynamics/margin", &d.margin},
		{"dynamics/confidence", &d.confidence},
	}
}

// write puts what was gathered into a checkpoint, as initializers that no node
// reads. It may be called on nil.
func (d *dynamics) write(m *onnxio.Model) error {
	if d == nil {
		return nil
	}
	p := m.Graph.Edit()
	dims := []int64{int64(len(d.taken))}
	for _, list := range d.counts() {
		p.SetInitializer(onnxio.NewTensor(list.name, dims, *list.values))
	}
	for _, list := range d.sums() {
		p.SetInitializer(onnxio.NewTensor(list.name, dims, *list.values))
	}
	return p.Apply()
}

// restore takes it from a checkpoint. It may be called on nil.
func (d *dynamics) restore(g *onnxio.Graph) error {
	if d == nil {
		return nil
	}
	of := func(name string) (*onnxio.Tensor, error) {
		t := g.Initializer(name)
		if t == nil || t.Len() != int64(len(d.taken)) {
			return nil, fmt.Errorf("it has no %q for %d samples", name, len(d.taken))
		}
		return t, nil
	}
	for _, list := range d.counts() {
		t, err := of(list.name)
		if err != nil {
			return err
		}
		values, err := t.Ints()
		if err != nil {
			return err
		}
		for i, v := range values {
			(*list.values)[i] = int32(v)
		}
	}
	for _, list := range d.sums() {
		t, err := of(list.name)
		if err != nil {
			return err
		}
		values, err := t.Floats()
		if err != nil {
			return err
		}
		copy(*list.values, values)
	}
	return nil
}
