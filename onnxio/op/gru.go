package op

import "github.com/prunefuse/prunefuse/onnxio"

var gruForm = recurrent{gates: 3, states: 1, apart: 1, activations: []string{"Sigmoid", "Tanh"}, step: gruStep}

var gru = gruForm.def("GRU", append(gruForm.cases(),
	Case{Name: "activations", Inputs: []Input{X(4, 3, 5), W(1, 6, 5), W(1, 6, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Strs("activations", "HardSigmoid", "Relu"))},
	Case{Name: "reset after the product", Inputs: []Input{X(4, 3, 5), W(1, 6, 5), W(1, 6, 2), W(1, 12)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Int("linear_before_reset", 1))},
	Case{Name: "both directions, reset after the product", Inputs: gruForm.inputs(2), Attrs: attrs(onnxio.Int("hidden_size", 3), onnxio.Int("linear_before_reset", 1), onnxio.Str("direction", "bidirectional")), Out: 2},
	Case{Name: "smooth activations", Inputs: gruForm.inputs(1), Attrs: attrs(onnxio.Int("hidden_size", 3), onnxio.Strs("activations", "Softsign", "Softplus")), Out: 2},
), 1, 3, 7, 14, 22)

// gruStep has the gates update, reset and hidden, side by side, of which the
// last one waits for the reset.
func gruStep(u *unrolled, fed string, state []string) []string {
	h := state[0]
	parts := u.cut(fed, 1, 2*u.hidden, u.hidden)
	gates := u.pieces(u.recurring(parts[0], h, 0), 1, 2, u.hidden)
	update, reset := u.activate(0, gates[0]), u.activate(0, gates[1])
	var recurring string
	if u.Node.Int("linear_before_reset", 0) == 0 {
		recurring = u.product(u.times(reset, h), 1)
	} else {
		recurring = u.times(reset, u.product(h, 1))
	}
	hidden := u.activate(1, u.plus(parts[1], recurring))
	return []string{u.plus(u.Mul(u.complement(update), hidden), u.times(update, h))}
}
