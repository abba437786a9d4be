package pruning_test

import (
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

func TestGroupsOfAChain(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 3, 6, 6)
	b.conv("a", "x", 3, 8, 3, 1)
	b.bn("n", "a", 8)
	b.relu("r", "n")
	b.conv("y", "r", 8, 4, 1, 1)
	b.head("y", 4)
	m := b.model()
	a := analyze(t, m, pruning.Options{})
	wantGroups(t, a,
		"8 [a.w:0 n.scale:0 n.shift:0 n.mean:0 n.var:0 y.w:1]",
		"4 [y.w:0 logits.w:1]",
	)
	for _, tc := range []struct {
		weight string
		axis   int
		want   string
	}{
		{"a.w", 0, ""},
		{"a.w", 1, `graph input "x", axis 1`},
		{"a.w", 2, `node "a" (Conv): Conv slides over this axis`},
		{"y.w", 2, ""}, // of extent 1: nothing to prune, nothing to explain
		{"logits.w", 0, `graph output "logits", axis 1`},
		{"logits.w", 1, ""},
		{"logits.b", 0, `graph output "logits", axis 1`},
	} {
		if got := reason(a, tc.weight, tc.axis); got != tc.want {
			t.Errorf("%s axis %d is pinned by %q, want %q", tc.weight, tc.axis, got, tc.want)
		}
	}
	mustEqual(t, m, 1)
}

// TestStageIsOneGroup: a residual stream and all that writes to it or reads
// it goes by the same indices.
func TestStageIsOneGroup(t *testing.T) {
	t.Parallel()
	a := analyze(t, build(t, "resnet20", models.Options{}), pruning.Options{})
	stages := 0
	for _, g := range a.Groups {
		kernels := 0
		for _, m := range g.Members {
			if strings.Contains(m.Initializer, "conv") || strings.Contains(m.Initializer, "shortcut") || strings.Contains(m.Initializer, "downsample") {
				kernels++
			}
		}
		if kernels > 2 {
			stages++
		}
	}
	// Three streams, and one group between the two convolutions of each of
	// nine blocks.
	if stages != 3 || len(a.Groups) != 12 {
		t.Errorf("%d groups of which %d are streams: %q", len(a.Groups), stages, groups(a))
	}
}

func TestConvolutionGroups(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(b *net) // from "a" of 8 channels to "y" of 12
		want  []string
	}{
		{"depthwise", func(b *net) {
			b.conv("d", "a", 8, 8, 3, 8)
			b.conv("y", "d", 8, 12, 1, 1)
		}, []string{"8 [a.w:0 d.w:0 y.w:1]", "12 [y.w:0 logits.w:1]"}},
		{"depth multiplier", func(b *net) {
			b.convOf("d", "a", []string{b.weight("d.w", 24, 1, 3, 3), b.weight("d.b", 24)}, 3, 8)
			b.conv("y", "d", 24, 12, 1, 1)
		}, []string{"8 [a.w:0 d.w:0 d.b:0 y.w:1]", "12 [y.w:0 logits.w:1]"}},
		{"multiplier of a multiplier", func(b *net) {
			b.convOf("d", "a", []string{b.weight("d.w", 16, 1, 3, 3)}, 3, 8)
			b.convOf("e", "d", []string{b.weight("e.w", 48, 1, 3, 3)}, 3, 16)
			b.conv("y", "e", 48, 12, 1, 1)
		}, []string{"8 [a.w:0 d.w:0 e.w:0 y.w:1]", "12 [y.w:0 logits.w:1]"}},
		{"grouped", func(b *net) {
			b.conv("y", "a", 8, 12, 3, 4)
		}, []string{"2 [a.w:0 y.w:1]", "3 [y.w:0 logits.w:1]"}},
		{"groups of two widths", func(b *net) {
			b.conv("d", "a", 8, 8, 3, 4)
			b.conv("y", "d", 8, 12, 3, 2)
		}, []string{"2 [a.w:0 d.w:1]", "2 [d.w:0 y.w:1]", "6 [y.w:0 logits.w:1]"}},
		{"transposed weight on the left", func(b *net) {
			b.op("GlobalAveragePool", "p", []string{"a"})
			b.op("Flatten", "f", []string{"p"})
			b.op("Transpose", "ft", []string{"f"}, onnxio.Ints("perm", 1, 0))
			b.op("Gemm", "g", []string{b.weight("g.w", 8, 12), "ft"}, onnxio.Int("transA", 1))
			b.op("Transpose", "gt", []string{"g"}, onnxio.Ints("perm", 1, 0))
			b.op("Reshape", "y", []string{"gt", b.list("s", 0, 0, 1, 1)})
		}, []string{"8 [a.w:0 g.w:0]", "12 [g.w:1 logits.w:1]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 2)
			b.input("x", 0, 3, 5, 6)
			b.conv("a", "x", 3, 8, 3, 1)
			tc.build(b)
			b.head("y", 12)
			m := b.model()
			wantGroups(t, analyze(t, m, pruning.Options{}), tc.want...)
			mustEqual(t, m, 3)
			mustEqual(t, m, 4)
		})
	}
}

// TestCompositions proves what no single operator shows: gates, shuffles and
// halves that meet again.
func TestCompositions(t *testing.T) {
	for _, tc := range []struct {
		name  string
		build func(b *net) // from "a" of 8 channels to "y" of 8
		want  []string
	}{
		{"squeeze and excitation", func(b *net) {
			b.op("GlobalAveragePool", "p", []string{"a"})
			b.conv("s", "p", 8, 4, 1, 1)
			b.conv("e", b.relu("r", "s"), 4, 8, 1, 1)
			b.op("Sigmoid", "g", []string{"e"})
			b.op("Mul", "y", []string{"a", "g"})
		}, []string{"8 [a.w:0 s.w:1 e.w:0 logits.w:1]", "4 [s.w:0 e.w:1]"}},
		{"gated halves", func(b *net) {
			b.split([]string{"a"}, "h1", "h2")
			b.op("Sigmoid", "g", []string{"h2"})
			b.op("Mul", "m", []string{"h1", "g"})
			b.conv("y", "m", 4, 8, 1, 1)
		}, []string{"4 [a.w:0 y.w:1]", "8 [y.w:0 logits.w:1]"}},
		{"halves apart", func(b *net) {
			b.split([]string{"a", b.list("sizes", 3, 5)}, "h1", "h2")
			b.conv("c", "h1", 3, 3, 3, 1)
			b.op("Concat", "y", []string{"h2", "c"}, onnxio.Int("axis", 1))
		}, []string{"3 [a.w:0 c.w:1]", "5 [a.w:0 logits.w:1]", "3 [c.w:0 logits.w:1]"}},
		{"channel shuffle", func(b *net) {
			b.op("Reshape", "r1", []string{"a", b.list("s1", 0, 2, 4, 5, 6)})
			b.op("Transpose", "tr", []string{"r1"}, onnxio.Ints("perm", 0, 2, 1, 3, 4))
			b.op("Reshape", "r2", []string{"tr", b.list("s2", 0, 8, 5, 6)})
			b.conv("y", "r2", 8, 8, 1, 1)
		}, []string{"8 [a.w:0 y.w:1]", "8 [y.w:0 logits.w:1]"}},
		{"twice the same", func(b *net) {
			b.op("Concat", "cc", []string{"a", "a"}, onnxio.Int("axis", 1))
			b.conv("y", "cc", 16, 8, 1, 1)
		}, []string{"8 [a.w:0 y.w:1]", "8 [y.w:0 logits.w:1]"}},
		{"a constant for each channel", func(b *net) {
			b.op("Mul", "m", []string{"a", b.weight("gamma", 8, 1, 1)})
			b.op("Add", "n", []string{"m", b.weight("row", 6)})
			b.op("Add", "y", []string{"n", b.weight("beta", 1, 8, 1, 1)})
		}, []string{"8 [a.w:0 gamma:0 beta:1 logits.w:1]"}},
		{"padded channels", func(b *net) {
			b.op("Pad", "pd", []string{"a", b.list("pads", 0, 2, 0, 0, 0, 1, 0, 0)})
			b.conv("c", "x", 3, 11, 1, 1)
			b.op("Add", "s", []string{"pd", "c"})
			b.conv("y", "s", 11, 8, 1, 1)
		}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newNet(t, 3)
			b.input("x", 0, 3, 5, 6)
			b.conv("a", "x", 3, 8, 3, 1)
			tc.build(b)
			b.head("y", 8)
			m := b.model()
			if tc.want != nil {
				wantGroups(t, analyze(t, m, pruning.Options{}), tc.want...)
			}
			mustEqual(t, m, 3)
			mustEqual(t, m, 4)
		})
	}
}
