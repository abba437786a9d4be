package op

import "github.com/prunefuse/prunefuse/onnxio"

var gruForm = recurrent{gates: 3, states: 1}

var gru = gruForm.def("GRU", append(gruForm.cases(),
	Case{Name: "activations", Inputs: []Input{X(4, 3, 5), W(1, 6, 5), W(1, 6, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Strs("activations", "HardSigmoid", "Relu"))},
	Case{Name: "reset after the product", Inputs: []Input{X(4, 3, 5), W(1, 6, 5), W(1, 6, 2), W(1, 12)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Int("linear_before_reset", 1))},
), 1, 3, 7, 14, 22)
