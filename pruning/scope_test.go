package pruning_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// chain is three layers with groups of 4, 4 and 6 channels: two convolutions
// and a matrix.
func chain(t testing.TB) *onnxio.Model {
	b := newNet(t, 1)
	b.input("x", 0, 3, 2, 2)
	b.conv("a", "x", 3, 4, 1, 1)
	b.conv("b", "a", 4, 4, 1, 1)
	b.conv("c", "b", 4, 6, 1, 1)
	b.op("GlobalAveragePool", "pool", []string{"c"})
	b.op("Flatten", "flat", []string{"pool"})
	b.gemm("y", "flat", 6, 2)
	b.output("y", 0, 2)
	return b.model()
}

func rated(comparable bool, a, b, c []float64) *pruning.Scores {
	return &pruning.Scores{
		Schema: pruning.ScoresSchema, Comparable: comparable,
		Groups: map[string][]float64{"a.w:0": a, "b.w:0": b, "c.w:0": c},
	}
}

// TestScopes works out by hand what stays of the chain's groups.
func TestScopes(t *testing.T) {
	t.Parallel()
	m := chain(t)
	// By the means, 2.5, 25 and 1: 0.4 0.8 1.2 1.6, 0.4 0.4 0.4 2.8, 1 throughout.
	scores := rated(false, []float64{1, 2, 3, 4}, []float64{10, 10, 10, 70}, []float64{1, 1, 1, 1, 1, 1})
	raw := rated(true, scores.Groups["a.w:0"], scores.Groups["b.w:0"], scores.Groups["c.w:0"])
	fixed := func(pattern string, r float64) []pruning.GroupRatio {
		return []pruning.GroupRatio{{Pattern: pattern, Ratio: r}}
	}
	for _, tc := range []struct {
		c    pruning.Config
		want string
	}{
		{pruning.Config{Ratio: 0.5, Scores: scores}, "[[2 3] [0 3] [0 1 2]]"},
		{pruning.Config{Ratio: 0.5, Scores: scores, Scope: pruning.Global}, "[[2 3] [3] [0 1 2 3]]"},
		{pruning.Config{Ratio: 0.2, Scores: scores, Scope: pruning.Global}, "[[0 1 2 3] [3] [0 1 2 3 4 5]]"},
		{pruning.Config{Ratio: 0.2, Scores: raw, Scope: pruning.Global}, "[[0 1 2 3] [0 1 2 3] [0 1 2]]"},
		{pruning.Config{Ratio: 0.99, Scores: scores, Scope: pruning.Global}, "[[3] [3] [0]]"},
		{pruning.Config{Ratio: 0.5, Scores: scores, Scope: pruning.Global, Limits: pruning.Limits{MaxRatio: 0.5}}, "[[2 3] [0 3] [0 1 2]]"},
		{pruning.Config{Ratio: 0.99, Scores: scores, Limits: pruning.Limits{MaxRatio: 0.6}}, "[[2 3] [0 3] [0 1 2]]"},
		// a and b are both made by a Conv and read by one, c is read by a Gemm.
		{pruning.Config{Ratio: 0.5, Scores: scores, Scope: pruning.Isomorphic}, "[[1 2 3] [3] [0 1 2]]"},
		{pruning.Config{Ratio: 0.5, Scores: scores, Scope: pruning.Global, Ratios: fixed("b.*", 0.25)}, "[[2 3] [0 1 3] [0 1 2]]"},
		{pruning.Config{Ratio: 0.5, Scores: scores, Ratios: fixed("c.w:0", 0)}, "[[2 3] [0 3] [0 1 2 3 4 5]]"},
		// Two of four and three of six, in groups of more than four.
		{pruning.Config{Ratio: 0.5, Scores: scores, Limits: pruning.Limits{RoundTo: 4}}, "[[2 3] [0 3] [0 1 2 3]]"},
		{pruning.Config{Ratio: 0.75, Scores: scores, Limits: pruning.Limits{RoundTo: 2}}, "[[2 3] [0 3] [0 1]]"},
		{pruning.Config{Ratio: 0.1, Scores: scores, Limits: pruning.Limits{RoundTo: 5}}, "[[1 2 3] [0 1 3] [0 1 2 3 4]]"},
	} {
		r, err := pruning.Prune(m, tc.c)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(r.Selection); got != tc.want {
			tc.c.Scores = nil
			t.Errorf("%+v: kept %s, want %s", tc.c, got, tc.want)
		}
	}
}

// TestRatioPatterns: a pattern stands for the weights that make a group's
// channels, not for those that read them, and a name goes before a glob.
func TestRatioPatterns(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 3, 2, 2)
	b.conv("/net/a/conv", "x", 3, 4, 1, 1)
	b.conv("/net/b/conv", "/net/a/conv", 4, 4, 1, 1)
	b.conv("y", "/net/b/conv", 4, 2, 1, 1)
	b.output("y", 0, 2, 2, 2)
	m := b.model()
	for file, want := range map[string]string{
		`/net/b*: 0.75`:                            "2 1",
		`{"*/b/*": 0.75}`:                          "2 1",
		`"*": 0.25`:                                "3 3",
		"\"*\": 0.25\n/net/a/conv.w:0: 0.75":       "1 3",
		"/net/a/conv.w:0: 0.75\n\"*\": 0.25":       "1 3",
		"\"*\": 0.25\n\"/net/?/conv.w\": 0.25":     "3 3",
		`{"/net/a/conv.w": 0, "/net/b/conv.w": 0}`: "4 4",
	} {
		ratios, err := pruning.ParseRatios([]byte(file))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		r := prune(t, m, pruning.Config{Ratio: 0.5, Ratios: ratios})
		if got := fmt.Sprint(len(r.Selection[0]), " ", len(r.Selection[1])); got != want {
			t.Errorf("%s: kept %s, want %s", file, got, want)
		}
	}
	for file, want := range map[string]string{
		``:                              "read ratios: want a mapping",
		`[1, 2]`:                        "read ratios: ",
		`a: much`:                       `read ratios: "a": much: want a share such as 0.5 or 50%`,
		`a: 1`:                          `read ratios: "a": ratio 1: want`,
		`a: -0.1`:                       `read ratios: "a": ratio -0.1: want`,
		`a: .nan`:                       `read ratios: "a": ratio NaN: want`,
		`"[": 0.5`:                      `read ratios: "[" is no pattern`,
		"a: 0.1\na: 0.2":                "read ratios: ",
		"\"*a*\": 0.1\n\"*.w\": 0.2":    `ratios: group /net/a/conv.w:0 is given the ratio 0.1 by "*a*" and 0.2 by "*.w"`,
		"y.w: 0.1":                      `ratios: no group that can be pruned matches "y.w"`,
		"/net/b/conv.w:1: 0.1":          `ratios: no group that can be pruned matches "/net/b/conv.w:1"`,
		"{\"/net/a/conv.w\": 0.1, oops": "read ratios: ",
	} {
		ratios, err := pruning.ParseRatios([]byte(file))
		if err == nil {
			_, err = pruning.Prune(m, pruning.Config{Ratio: 0.5, Ratios: ratios})
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: error %v, want %s", file, err, want)
		}
	}
}

// TestScoresFile: what a prune wrote down prunes the same way, and scores of
// something else are refused.
func TestScoresFile(t *testing.T) {
	t.Parallel()
	dense := wild(t, build(t, "resnet20", models.Options{}), 3)
	for _, criterion := range []string{"l1", "lamp"} {
		first := prune(t, dense, pruning.Config{Ratio: 0.4, Scope: pruning.Global, Criterion: criterion})
		b, err := first.Scores.JSON()
		if err != nil {
			t.Fatal(err)
		}
		scores, err := pruning.ParseScores(b)
		if err != nil {
			t.Fatal(err)
		}
		again := prune(t, dense, pruning.Config{Ratio: 0.4, Scope: pruning.Global, Scores: scores})
		if fmt.Sprint(first.Selection) != fmt.Sprint(again.Selection) {
			t.Errorf("%s: the file selects other channels", criterion)
		}
	}
	m := chain(t)
	good := rated(false, make([]float64, 4), make([]float64, 4), make([]float64, 6))
	for want, text := range map[string]string{
		"read scores: ":                    "}",
		`read scores: schema ""`:           "{}",
		"scores: group a.w:0 has none":     `{"schema":"prunefuse.scores/1","groups":{"b.w:0":[1,2,3,4]}}`,
		"scores: group a.w:0 has 3, want":  `{"schema":"prunefuse.scores/1","groups":{"a.w:0":[1,2,3]}}`,
		"scores: the model has no group d": `{"schema":"prunefuse.scores/1","groups":{"a.w:0":[1,2,3,4],"b.w:0":[1,2,3,4],"c.w:0":[1,2,3,4,5,6],"d":[]}}`,
	} {
		s, err := pruning.ParseScores([]byte(text))
		if err == nil {
			_, err = pruning.Prune(m, pruning.Config{Ratio: 0.5, Scores: s})
		}
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := pruning.Prune(m, pruning.Config{Ratio: 0.5, Scores: good, Steps: 2}); err == nil {
		t.Error("scores of the dense model in two steps")
	}
}

// TestGroupNames: the halves of one weight that is split are two groups of
// two names.
func TestGroupNames(t *testing.T) {
	t.Parallel()
	b := newNet(t, 1)
	b.input("x", 0, 3, 2, 2)
	b.conv("a", "x", 3, 8, 1, 1)
	b.split([]string{"a", b.list("sizes", 5, 3)}, "l", "r")
	b.conv("p", "l", 5, 3, 1, 1)
	b.conv("q", "r", 3, 3, 1, 1)
	b.op("Add", "s", []string{"p", "q"})
	b.conv("y", "s", 3, 2, 1, 1)
	b.output("y", 0, 2, 2, 2)
	var names []string
	a := analyze(t, b.model(), pruning.Options{})
	for _, g := range a.Groups {
		names = append(names, g.Name())
	}
	if got := strings.Join(names, " "); got != "a.w:0 a.w:0#2 p.w:0" {
		t.Errorf("groups %s", got)
	}
}
