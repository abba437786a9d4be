package op

import "github.com/prunefuse/prunefuse/onnxio"

var rnnForm = recurrent{gates: 1, states: 1, activations: []string{"Tanh"}, step: rnnStep}

var rnn = rnnForm.def("RNN", append(rnnForm.cases(),
	Case{Name: "activations", Inputs: []Input{X(4, 3, 5), W(1, 2, 5), W(1, 2, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Strs("activations", "Relu"))},
), 1, 7, 14, 22)

func rnnStep(u *unrolled, fed string, state []string) []string {
	return []string{u.activate(0, u.recurring(fed, state[0], 0))}
}
