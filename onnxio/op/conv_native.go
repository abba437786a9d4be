package op

import (
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// convWindow returns a convolution's window with its padding worked out.
func convWindow(c *Infer) (*window, error) {
	w, err := newWindow(c, c.In(1).Shape[2:])
	if err != nil {
		return nil, err
	}
	return w, w.resolve(c.In(0).Shape[2:])
}

// nativeConv gives the attributes with which operators of our own compute a
// convolution of x and its gradients; false where they do not: they are there
// for float32, one to three spatial axes of known extents and padding that
// adds.
//
// A kernel of one position without stride or groups is one matrix product,
// which the runtime is better at: for the 1×1 convolutions of a ResNet-50, two
// threads, ours take 1.0 to 2.1 times as long, and 0.1 to 0.9 times for the
// other convolutions of ResNets, 0.01 to 0.6 times for grouped ones.
func nativeConv(e *Emit, x onnxio.Type, w *window, group int64) ([]onnxio.Attr, bool) {
	pads := slices.Concat(w.begin, w.end)
	if group == 1 && allOnes(w.kernel) && allOnes(w.stride) {
		return nil, false
	}
	if !e.Kernels || x.Elem != onnxio.Float32 || len(w.kernel) > 3 || !x.Shape[1:].Known() || slices.Min(pads) < 0 {
		return nil, false
	}
	return []onnxio.Attr{
		onnxio.Ints("strides", w.stride...), onnxio.Ints("dilations", w.dilation...),
		onnxio.Ints("pads", pads...), onnxio.Int("group", group),
	}, true
}

// convTrain computes the output with our own operator where it can: the
// weights of a network in training are no constants, which the runtime's fast
// ones need.
func convTrain(t *Train) error {
	n := t.Node
	domain, attrs := n.Domain(), n.Attrs()
	if w, err := convWindow(t.Infer); err == nil {
		if own, ok := nativeConv(t.Emit, t.In(0), w, n.Int("group", 1)); ok {
			domain, attrs = Native, own
		}
	}
	t.Patch.Add(onnxio.NodeSpec{Op: n.Op(), Domain: domain, Name: n.Name(), Inputs: n.Inputs(), Outputs: n.Outputs(), Attrs: attrs})
	return nil
}
