package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func seeded(seed uint64, values ...float64) *Report {
	r := &Report{Seed: seed, Config: []Setting{{"prune.ratio", "0.5"}}, Version: "v1", Notes: []string{OneSeed, "shared", fmt.Sprint("of seed ", seed)}}
	for i, v := range values {
		r.Accuracies = append(r.Accuracies, Accuracy{Role: []Role{RoleFineTuned, RoleDense}[i], Name: []string{"Fused", "Dense"}[i], Labels: 100, Value: v, Correct: 1, Total: 1})
	}
	r.Series = []Series{{Name: "Selector", Points: []Point{{Labels: 50, Accuracy: values[0] / 2}, {Labels: 100, Accuracy: values[0]}}}}
	r.Choosing = []Choosing{{Arm: "prunefuse", Seconds: 2 * float64(seed), MACs: 100, Analytic: 0.25}, {Arm: "dense", Seconds: 8, MACs: 400}}
	return r
}

func TestJoin(t *testing.T) {
	t.Parallel()
	r, err := Join([]*Report{seeded(1, 0.6, 0.5), seeded(2, 0.8, 0.7), seeded(3, 0.7, 0.6)}, []string{"a", "b", "c"})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Series) != 3 || r.Series[0].Name != "Fused" || !slices.Equal(r.Series[0].Points[0].Values, []float64{0.6, 0.8, 0.7}) {
		t.Errorf("series %+v", r.Series)
	}
	if r.Series[0].Role != RoleFineTuned || !slices.Equal(r.Seeds, []uint64{1, 2, 3}) || !slices.Equal(r.Notes[1:], []string{"shared"}) {
		t.Errorf("role %q, seeds %v, notes %q", r.Series[0].Role, r.Seeds, r.Notes)
	}
	if p := r.Series[0].Points[0]; p.Accuracy != 0.7 || p.Std == nil || *p.Std != 0.1 {
		t.Errorf("mean and spread %+v", p)
	}
	if c := r.Choosing[0]; c.Seconds != 4 || c.SecondsRatio != 0.5 || c.Analytic != 0.25 {
		t.Errorf("choosing %+v", r.Choosing)
	}
}

// Runs of two versions are joined, and it is said.
func TestJoinOfVersions(t *testing.T) {
	t.Parallel()
	other := seeded(2, 0.6)
	other.Version = "v2"
	r, err := Join([]*Report{seeded(1, 0.6), other}, []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "a and b were not computed by the same: prunefuse differs, v1 against v2."; !slices.Contains(r.Notes, want) {
		t.Errorf("notes %q, want %q", r.Notes, want)
	}
}

func TestJoinRefuses(t *testing.T) {
	t.Parallel()
	other := seeded(2, 0.6)
	other.Config[0].Value = "0.7"
	for _, tc := range []struct {
		b    *Report
		want string
	}{
		{seeded(1, 0.6), "same seed, 1"},
		{other, "prune.ratio differs, 0.5 against 0.7"},
	} {
		if _, err := Join([]*Report{seeded(1, 0.6), tc.b}, []string{"a", "b"}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("error %v, want %q", err, tc.want)
		}
	}
}
