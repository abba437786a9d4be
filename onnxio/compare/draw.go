package compare

import (
	"fmt"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// spread is a way to draw floats: a normal of a scale, or evenly from a range.
type spread struct {
	scale float64
	even  *Range
	// wide integers, of inputs that no positions are read from, go to 9, others
	// to 1.
	wide bool
}

func (s spread) draw(rng *rand.Rand) float64 {
	if s.even != nil {
		return s.even.Low + rng.Float64()*(s.even.High-s.even.Low)
	}
	return s.scale * rng.NormFloat64()
}

func (s spread) String() string {
	if s.even != nil {
		return fmt.Sprintf("from %g to %g", s.even.Low, s.even.High)
	}
	return fmt.Sprintf("normal at scale %g", s.scale)
}

// scales are the spreads that runs draw from in turn.
var scales = []spread{{scale: 1}, {even: &Range{0, 1}, wide: true}, {scale: 0.1}, {scale: 8, wide: true}}

// domains are tried where a model's outputs are not finite for normal inputs.
var domains = []spread{
	{even: &Range{0, 1}}, {even: &Range{0.05, 1}}, {even: &Range{-0.9, 0.9}}, {even: &Range{1, 2}}, {even: &Range{1.05, 4}}, {scale: 0.01}, {even: &Range{0, 255}}, {even: &Range{-2, -1}},
}

// drawing makes random inputs of a model.
type drawing struct {
	rng    *rand.Rand
	inputs []onnxio.Value
	spans  map[string]*span
}

// mark notes how far the numbers of spans were handed out, and rewind takes back
// those since then, which were not compared.
func (d *drawing) mark() {
	for _, s := range d.spans {
		s.marked = s.next
	}
}

func (d *drawing) rewind() {
	for _, s := range d.spans {
		s.next = s.marked
	}
}

// feeds draws one tensor for each input.
func (d *drawing) feeds(l layout, s spread) (map[string]*onnxio.Tensor, error) {
	feeds := map[string]*onnxio.Tensor{}
	for _, v := range d.inputs {
		t, err := d.tensor(v, l[v.Name], s)
		if err != nil {
			return nil, fmt.Errorf("input %q: %w", v.Name, err)
		}
		feeds[v.Name] = t
	}
	return feeds, nil
}

func (d *drawing) tensor(v onnxio.Value, dims []int64, s spread) (*onnxio.Tensor, error) {
	n := int64(1)
	for _, e := range dims {
		n *= e
	}
	if n < 0 || n > maxElements {
		return nil, fmt.Errorf("a tensor of shape %v is too large to draw", dims)
	}
	elem := v.Type.Elem
	switch {
	case elem == onnxio.Float64:
		w := make([]float64, n)
		for i := range w {
			w[i] = s.draw(d.rng)
		}
		return onnxio.NewTensor(v.Name, dims, w), nil
	case elem.Float():
		w := make([]float32, n)
		for i := range w {
			w[i] = float32(s.draw(d.rng))
		}
		return onnxio.RawTensor(v.Name, elem, dims, make([]byte, int(n)*elem.Bits()/8)).WithFloats(w)
	case elem.Int() && elem.Bits()%8 == 0:
		return d.integers(v, dims, n, s.wide), nil
	}
	return nil, fmt.Errorf("it is a %v, which cannot be drawn", elem)
}

// maxElements bounds the tensors that are drawn.
const maxElements = 1 << 30

func (d *drawing) integers(v onnxio.Value, dims []int64, n int64, wide bool) *onnxio.Tensor {
	elem, span := v.Type.Elem, d.spans[v.Name]
	step := elem.Bits() / 8
	raw := make([]byte, int(n)*step)
	for i := range int(n) {
		var x int64
		switch {
		case span != nil:
			x = span.draw(d.rng)
		case elem == onnxio.Bool || (!wide && step > 1):
			x = int64(d.rng.IntN(2))
		case step == 1:
			x = int64(d.rng.IntN(256))
		default:
			x = int64(d.rng.IntN(10))
		}
		// The runtime is built for machines whose numbers are little-endian.
		for b := range step {
			raw[i*step+b] = byte(x >> (8 * b))
		}
	}
	return onnxio.RawTensor(v.Name, elem, dims, raw)
}

// session makes a tensor that a session takes.
func session(t *onnxio.Tensor) (*ort.Tensor, error) {
	b, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	return ort.FromBytes(t.Elem(), t.Dims(), b)
}
