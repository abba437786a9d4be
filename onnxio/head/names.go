package head

import (
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Names returns the names of classes that the nodes of a model carry: of domain
// ai.onnx.ml, as scikit-learn's converter writes them, the attributes
// classlabels_strings and classlabels_ints (onnx.ai/onnx/operators, LinearClassifier,
// TreeEnsembleClassifier, SVMClassifier, ZipMap). Numbers that count from zero are no
// names. It is nil where nodes carry none, or several name different ones.
func Names(m *onnxio.Model) []string {
	var names []string
	for _, n := range m.Graph.Nodes() {
		own := labelsOf(n)
		if own == nil {
			continue
		}
		if names != nil && !slices.Equal(names, own) {
			return nil
		}
		names = own
	}
	return names
}

// classLabels are the attributes that name classes: as text, or as numbers.
var classLabels = [][2]string{
	{"classlabels_strings", "classlabels_ints"},
	{"classlabels_strings", "classlabels_int64s"}, // of ZipMap and TreeEnsembleClassifier
}

func labelsOf(n *onnxio.Node) []string {
	if n.Domain() != "ai.onnx.ml" {
		return nil
	}
	for _, attr := range classLabels {
		if names := n.Strs(attr[0]); len(names) > 0 {
			return names
		}
		numbers, counts := n.Ints(attr[1]), true
		names := make([]string, len(numbers))
		for i, v := range numbers {
			names[i] = strconv.FormatInt(v, 10)
			counts = counts && v == int64(i)
		}
		if len(names) > 0 && !counts {
			return names
		}
	}
	return nil
}
