package head

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Renewal says how a model got a new last layer.
type Renewal struct {
	Output  string `json:"output"` // the one with the class scores
	Classes int    `json:"classes"`
	Seed    uint64 `json:"seed"`
	// Was are the shapes of the changed weights before, by name.
	Was map[string][]int64 `json:"was"`
}

// maxClasses bounds what a plan in a file can ask for.
const maxClasses = 1 << 20

// Renew returns a copy of a model whose last layer is drawn anew for a number of
// classes, two or more, as PyTorch starts a Linear or Conv2d: uniformly within
// 1/√fan-in, from the seed and the weights' names. All before it, and a Softmax
// or Sigmoid behind it, stay; so do the weights' names where they are
// initializers. Output is as for Find. It refuses a layer whose weights others
// read, or whose classes are a number in the graph that it cannot follow.
func Renew(m *onnxio.Model, output string, classes int, seed uint64) (*onnxio.Model, *Renewal, error) {
	renewed, r, err := renew(m, output, classes, seed)
	if err != nil {
		return nil, nil, fmt.Errorf("give the model a new last layer: %w", err)
	}
	return renewed, r, nil
}

func renew(m *onnxio.Model, output string, classes int, seed uint64) (*onnxio.Model, *Renewal, error) {
	if classes < 2 || classes > maxClasses {
		return nil, nil, fmt.Errorf("%d classes: want from 2 to %d", classes, maxClasses)
	}
	m = m.Clone()
	f := newFinder(m)
	h, err := Find(m, output)
	if err != nil {
		return nil, nil, err
	}
	if h.noLayer != nil {
		return nil, nil, h.noLayer
	}
	if h.Values == 0 {
		return nil, nil, fmt.Errorf("output %q %v leaves its classes open", h.Output, h.Type)
	}
	r := &renewer{finder: f, p: m.Graph.Edit(), old: int64(h.Values), Renewal: Renewal{Output: h.Output, Classes: classes, Seed: seed, Was: map[string][]int64{}}}
	for _, n := range slices.Backward(h.path) { // the layer first, whose inputs scale its bias
		if err := r.node(n); err != nil {
			return nil, nil, fmt.Errorf("%v: %w", n, err)
		}
	}
	r.retype(h)
	if err := r.p.Apply(); err != nil {
		return nil, nil, err
	}
	if got, err := Find(m, h.Output); err != nil || got.Values != classes {
		return nil, nil, errors.Join(fmt.Errorf("output %q does not follow from it alone", h.Output), err)
	}
	return m, &r.Renewal, nil
}

// renewer changes the nodes from the output back to the last layer.
type renewer struct {
	*finder
	p   *onnxio.Patch
	old int64 // classes
	fan int   // inputs of a class
	Renewal
}

func (r *renewer) node(n *onnxio.Node) error {
	switch n.Op() {
	case "Conv":
		return r.layer(n, 0)
	case "MatMul":
		return r.layer(n, -1)
	case "Gemm":
		axis := -1
		if n.Int("transB", 0) != 0 {
			axis = 0
		}
		return r.layer(n, axis)
	case "Add":
		for i := range n.Inputs() {
			if r.constant(n.Input(i)) {
				return r.vector(n, i)
			}
		}
	case "Reshape":
		return r.reshape(n)
	case "Flatten", "Squeeze", "Unsqueeze", "Identity", "Dropout", "Cast", "Softmax", "LogSoftmax", "Sigmoid":
	default:
		return errors.New("its classes cannot be followed")
	}
	return nil
}

// layer draws the weight, whose classes lie along an axis, and the bias.
func (r *renewer) layer(n *onnxio.Node, axis int) error {
	w, _ := r.g.Constant(n.Input(1))
	dims := slices.Clone(w.Dims())
	if axis < 0 {
		axis += len(dims)
	}
	if len(dims) < 2 || dims[axis] != r.old || n.Op() == "MatMul" && len(dims) != 2 || n.Op() == "Conv" && n.Int("group", 1) != 1 {
		return fmt.Errorf("its weight %v has no axis of the %d classes alone", w.Dims(), r.old)
	}
	r.fan = int(w.Len() / r.old)
	dims[axis] = int64(r.Classes)
	if err := r.draw(n, 1, dims); err != nil {
		return err
	}
	if n.Op() == "MatMul" || len(n.Inputs()) < 3 || n.Input(2) == "" {
		return nil
	}
	if !r.constant(n.Input(2)) {
		return errors.New("its bias is computed")
	}
	return r.vector(n, 2)
}

// vector draws a bias, unless one number stands for all classes.
func (r *renewer) vector(n *onnxio.Node, input int) error {
	t, _ := r.g.Constant(n.Input(input))
	dims, axis := slices.Clone(t.Dims()), slices.Index(t.Dims(), r.old)
	switch {
	case t.Len() == 1:
		return nil
	case axis < 0 || t.Len() != r.old:
		return fmt.Errorf("its bias %v is not one of the %d classes", t.Dims(), r.old)
	}
	dims[axis] = int64(r.Classes)
	return r.draw(n, input, dims)
}

// draw gives a node a constant of new numbers.
func (r *renewer) draw(n *onnxio.Node, input int, dims []int64) error {
	t, root := r.g.Constant(n.Input(input))
	if t.Elem() != onnxio.Float32 {
		return fmt.Errorf("its weights are %v; convert the model to float32", t.Elem())
	}
	if uses := r.g.Consumers(n.Input(input)); len(uses) > 1 {
		return fmt.Errorf("its weight %q has %d readers", n.Input(input), len(uses))
	}
	name := root
	if r.g.Initializer(root) == nil || root != n.Input(input) {
		name = r.p.Fresh(root + ".new")
		r.p.SetInput(n, input, name)
	}
	r.Was[name] = t.Dims()
	size := int64(1)
	for _, d := range dims {
		size *= d
	}
	bound := 1 / math.Sqrt(float64(r.fan))
	sum := sha256.Sum256(append(binary.LittleEndian.AppendUint64(nil, r.Seed), name...))
	rng := rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum[:]), binary.LittleEndian.Uint64(sum[8:])))
	v := make([]float32, size)
	for i := range v {
		v[i] = float32((2*rng.Float64() - 1) * bound)
	}
	r.p.SetInitializer(onnxio.NewTensor(name, dims, v))
	return nil
}

// reshape follows the classes through a constant shape.
func (r *renewer) reshape(n *onnxio.Node) error {
	t, root := r.g.Constant(n.Input(1))
	if t == nil {
		return errors.New("its shape is computed")
	}
	shape, err := t.Ints()
	if err != nil {
		return err
	}
	at := -1
	for i, d := range shape {
		if d != r.old {
			continue
		}
		if at >= 0 {
			return fmt.Errorf("its shape %v has the %d classes twice", shape, r.old)
		}
		at = i
	}
	if at < 0 {
		return nil // a 0 or a −1 stands for the classes
	}
	shape = slices.Clone(shape)
	shape[at] = int64(r.Classes)
	name := r.p.Fresh(root + ".new")
	r.p.SetInitializer(onnxio.NewTensor(name, t.Dims(), shape))
	r.p.SetInput(n, 1, name)
	return nil
}

// retype declares the outputs on the way with their new number of classes, and
// drops the types of inner values.
func (r *renewer) retype(h Head) {
	r.p.SetTypes(nil)
	for _, n := range h.path {
		v := n.Output(0)
		if !r.g.IsOutput(v) {
			continue
		}
		t, _ := r.g.Declared(v)
		t.Shape = t.Shape.Clone()
		if len(t.Shape) > 1 {
			t.Shape[1] = onnxio.Known(int64(r.Classes))
		}
		r.p.SetOutputType(v, t)
	}
}
