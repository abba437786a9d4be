package pruning_test

import (
	"fmt"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// halves is a net in which two groups share one weight's axis.
func halves(t testing.TB) *onnxio.Model {
	b := newNet(t, 30)
	b.input("x", 0, 3, 4, 4)
	b.conv("both", "x", 3, 8, 3, 1)
	b.split([]string{"both"}, "low", "high")
	b.conv("a", b.relu("rectified", "low"), 4, 5, 3, 1)
	b.conv("c", "high", 4, 5, 3, 1)
	b.head(b.op("Add", "sum", []string{"a", "c"}), 5)
	return b.model()
}

// Groups of a second prune are told from each other by the indices that they
// stand for, though they begin with the same weight, and though one of them
// is left alone the second time.
func TestComposeGroupsOfOneAxis(t *testing.T) {
	t.Parallel()
	const low, high = "both.w:0", "both.w:0#2"
	for name, test := range map[string]struct {
		first, second pruning.Selection
		ignore        []string
		want          map[string]string
	}{
		"both": {
			first: pruning.Selection{{0, 2}, {1, 3}, nil}, second: pruning.Selection{{1}, {0}, nil},
			want: map[string]string{low: "4 [2] []", high: "4 [1] [4 5 6 7]"},
		},
		"one alone": {
			first: pruning.Selection{{0, 2}, {1, 3}, nil}, second: pruning.Selection{{1}, nil}, ignore: []string{"rectified"},
			want: map[string]string{high: "4 [3] [4 5 6 7]"},
		},
		"one down to a single channel": {
			first: pruning.Selection{{3}, {1, 2, 3}, nil}, second: pruning.Selection{{0, 2}, nil},
			want: map[string]string{high: "4 [1 3] [4 5 6 7]"},
		},
	} {
		dense := halves(t)
		a := analyze(t, dense, pruning.Options{})
		wantGroups(t, a, "4 [both.w:0 a.w:1]", "4 [both.w:0 c.w:1]", "5 [a.w:0 c.w:0 logits.w:1]")
		between, _, err := a.Apply(test.first, "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a = analyze(t, between, pruning.Options{Ignore: test.ignore})
		_, plan, err := a.Apply(test.second, "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := map[string]string{}
		for _, g := range plan.Groups {
			key := fmt.Sprintf("%v:%v", g.Members[0][0], g.Members[0][1])
			if len(g.At) > 0 {
				key += "#2"
			}
			got[key] = fmt.Sprint(g.Size, g.Kept, g.At)
		}
		for key, want := range test.want {
			if got[key] != want {
				t.Errorf("%s: group %s is %q, want %q", name, key, got[key], want)
			}
		}
	}
}

// A group that was pinned in the first prune is not taken for the one beside
// it on the axis.
func TestComposeAfterIgnore(t *testing.T) {
	t.Parallel()
	dense := halves(t)
	a := analyze(t, dense, pruning.Options{Ignore: []string{"rectified"}})
	wantGroups(t, a, "4 [both.w:0 c.w:1]", "5 [a.w:0 c.w:0 logits.w:1]")
	between, _, err := a.Apply(pruning.Selection{{0, 1, 3}, nil}, "")
	if err != nil {
		t.Fatal(err)
	}
	a = analyze(t, between, pruning.Options{})
	_, plan, err := a.Apply(pruning.Selection{{0, 3}, {2}, nil}, "")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"4 [0 3] []", "4 [3] [4 5 6 7]", "5 [0 1 2 3 4] []"} {
		if g := plan.Groups[i]; fmt.Sprint(g.Size, g.Kept, g.At) != want {
			t.Errorf("group %d is %+v, want %s", i, g, want)
		}
	}
}
