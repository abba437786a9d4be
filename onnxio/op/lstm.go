package op

import "github.com/prunefuse/prunefuse/onnxio"

var lstmForm = recurrent{gates: 4, states: 2, peephole: 7, activations: []string{"Sigmoid", "Tanh", "Tanh"}, step: lstmStep}

var lstm = lstmForm.def("LSTM", append(lstmForm.cases(),
	Case{Name: "activations", Inputs: []Input{X(4, 3, 5), W(1, 8, 5), W(1, 8, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Strs("activations", "HardSigmoid", "Tanh", "Relu"))},
	Case{Name: "input and forget coupled", Inputs: []Input{X(4, 3, 5), W(1, 8, 5), W(1, 8, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Int("input_forget", 1))},
	Case{Name: "both directions, coupled and clipped", Inputs: lstmForm.inputs(2), Attrs: attrs(onnxio.Int("hidden_size", 3), onnxio.Int("input_forget", 1), onnxio.Float("clip", 2.5), onnxio.Str("direction", "bidirectional")), Out: 3},
	Case{
		Name: "activations with parameters", Inputs: lstmForm.inputs(2)[:4], Out: 3,
		Attrs: attrs(onnxio.Int("hidden_size", 3), onnxio.Str("direction", "bidirectional"),
			onnxio.Strs("activations", "HardSigmoid", "ScaledTanh", "Affine", "Sigmoid", "Elu", "LeakyRelu"),
			onnxio.Floats("activation_alpha", 0.3, 0.8, 0.7, 0.9, 0.1), onnxio.Floats("activation_beta", 0.4, 0.6, 0.1)),
	},
), 1, 7, 14, 22)

// lstmStep has the gates input, output, forget and cell, side by side.
func lstmStep(u *unrolled, fed string, state []string) []string {
	h, cell := state[0], state[1]
	gates := u.pieces(u.recurring(fed, h, 0), 1, 4, u.hidden)
	peep := func(gate string, i int, cell string) string {
		if u.peepholes == nil {
			return gate
		}
		return u.plus(gate, u.times(cell, u.peepholes[i]))
	}
	in := u.activate(0, peep(gates[0], 0, cell))
	var forget string
	if u.Node.Int("input_forget", 0) == 0 {
		forget = u.activate(0, peep(gates[2], 2, cell))
	} else {
		forget = u.complement(in)
	}
	cell = u.plus(u.times(forget, cell), u.Mul(in, u.activate(1, gates[3])))
	out := u.activate(0, peep(gates[1], 1, cell))
	return []string{u.Mul(out, u.functions[2](u.Emit, cell)), cell}
}
