package loop_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/internal/report"
)

// checkRounds wants the batches of the small run with their classes, the line of random
// labels, trainings by steps, and the accuracy of the network for deployment.
func checkRounds(t *testing.T, r *report.Report) {
	t.Helper()
	var got []string
	for _, b := range r.Rounds {
		sum := 0
		for _, n := range b.Counts {
			sum += n
		}
		got = append(got, fmt.Sprintf("%s %s: %s %d of %d, %d new, %d in all, %d thumbs", b.Arm, b.Name, b.Strategy, b.Chosen, b.Pool, sum, b.Labels, len(b.Thumbs)))
		if b.Known != 10 || b.Seen < 5 || b.Most < b.Fewest || b.Shared != (b.Arm == "random" && b.Name == "first labels") {
			t.Errorf("round %+v", b)
		}
	}
	want := []string{
		"prunefuse first labels: random 40 of 400, 40 new, 40 in all, 0 thumbs",
		"prunefuse round 0: margin 20 of 360, 20 new, 60 in all, 8 thumbs",
		"prunefuse round 1: margin 30 of 340, 30 new, 90 in all, 0 thumbs",
		"random first labels:  40 of 0, 40 new, 40 in all, 0 thumbs",
		"random round 0: random 20 of 360, 20 new, 60 in all, 0 thumbs",
		"random round 1: random 30 of 340, 30 new, 90 in all, 0 thumbs",
	}
	if !slices.Equal(got, want) {
		t.Errorf("rounds\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if len(r.Classes) != 10 || r.Classes[9] != "Ankle boot" {
		t.Errorf("classes %q", r.Classes)
	}
	i := slices.IndexFunc(r.Series, func(s report.Series) bool { return s.Name == "Selector, random labels" })
	if i < 1 || len(r.Series[i].Points) != 2 || r.Series[i].Points[0].Labels != 40 || r.Series[i].Points[0].Accuracy != r.Series[0].Points[0].Accuracy || r.Series[i].Points[1].Labels != 90 {
		t.Errorf("the lines are %+v", r.Series)
	}
	for _, c := range r.Curves {
		if c.Kind == "" || len(c.Steps) != len(c.Loss) || c.Steps[len(c.Steps)-1] != 6 {
			t.Errorf("curve %+v", c)
		}
	}
	accuracy := map[string]*float64{}
	for _, m := range r.Models {
		accuracy[m.Role] = m.Accuracy
		if m.Equals != map[string]string{"deploy": "fused"}[m.Role] {
			t.Errorf("%s has the accuracy of %q", m.Role, m.Equals)
		}
	}
	if accuracy["deploy"] == nil || *accuracy["deploy"] != *accuracy["fused"] || accuracy["dense"] != nil {
		t.Errorf("models %+v", r.Models)
	}
}
