package head_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// Names of classes that nodes carry, as scikit-learn's converter writes them.
func TestNames(t *testing.T) {
	t.Parallel()
	classifier := func(b *builder, op string, attrs ...onnxio.Attr) {
		b.p.Add(onnxio.NodeSpec{Op: op, Domain: "ai.onnx.ml", Inputs: []string{"features"}, Outputs: []string{"label", "probs"}, Attrs: attrs})
	}
	for about, c := range map[string]struct {
		more func(*builder)
		want []string
	}{
		"texts":              {func(b *builder) { classifier(b, "LinearClassifier", onnxio.Strs("classlabels_strings", "cat", "eel")) }, []string{"cat", "eel"}},
		"numbers":            {func(b *builder) { classifier(b, "SVMClassifier", onnxio.Ints("classlabels_ints", 3, 5)) }, []string{"3", "5"}},
		"numbers of a tree":  {func(b *builder) { classifier(b, "TreeEnsembleClassifier", onnxio.Ints("classlabels_int64s", 3, 5)) }, []string{"3", "5"}},
		"numbers from zero":  {func(b *builder) { classifier(b, "LinearClassifier", onnxio.Ints("classlabels_ints", 0, 1, 2)) }, nil},
		"others' attributes": {func(b *builder) { b.out("logits") }, nil},
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			if got := head.Names(layered(t, c.more)); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}
