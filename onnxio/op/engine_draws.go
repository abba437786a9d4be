package op

import "github.com/prunefuse/prunefuse/onnxio"

// Draws reports whether a node's outputs are drawn at random, so that two runs
// differ.
func Draws(f *Facts, g *onnxio.Graph, n *onnxio.Node) bool {
	if n.Domain() != "" {
		return false
	}
	switch n.Op() {
	case "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial":
		return true
	case "Dropout":
		mode := n.Input(2)
		if mode == "" {
			return false
		}
		ratio, _ := g.Constant(n.Input(1))
		if ratio != nil {
			if v, err := ratio.Floats(); err == nil && len(v) == 1 && v[0] == 0 {
				return false
			}
		}
		v, known := f.Values[mode]
		return !known || len(v) != 1 || !v[0].Is(0)
	}
	return false
}

// OverBatch reports whether a BatchNormalization normalises by the statistics of
// its own input: it is in training mode, which more than one output marks before
// opset 14.
func OverBatch(opset int64, n *onnxio.Node) bool {
	if n.Op() != "BatchNormalization" || n.Domain() != "" {
		return false
	}
	if opset < 14 {
		return len(n.Outputs()) > 1
	}
	return n.Int("training_mode", 0) != 0
}
