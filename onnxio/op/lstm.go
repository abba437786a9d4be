package op

import "github.com/prunefuse/prunefuse/onnxio"

var lstmForm = recurrent{gates: 4, states: 2, peephole: 7}

var lstm = lstmForm.def("LSTM", append(lstmForm.cases(),
	Case{Name: "activations", Inputs: []Input{X(4, 3, 5), W(1, 8, 5), W(1, 8, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Strs("activations", "HardSigmoid", "Tanh", "Relu"))},
	Case{Name: "input and forget coupled", Inputs: []Input{X(4, 3, 5), W(1, 8, 5), W(1, 8, 2)}, Attrs: attrs(onnxio.Int("hidden_size", 2), onnxio.Int("input_forget", 1))},
), 1, 7, 14, 22)
