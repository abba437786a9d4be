package selection

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
)

// The guide has a row for every measure and every strategy that is not just
// a ranking by one.
func TestGuideListsAll(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../../docs/guides/select.md")
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	want := func(row string) {
		if !strings.Contains(string(b), "\n"+row+"\n") {
			missing = append(missing, row)
		}
	}
	for _, m := range scoring.Measures() {
		want(fmt.Sprintf("| `%s` | %s | %s | %s |", m.Name, m.Formula, m.Order, m.Reference))
	}
	for _, s := range Strategies() {
		if s.Measure != s.Name {
			want(fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s |", s.Name, s.Summary, looksAt(s), s.Memory, s.Time, s.Reference))
		}
	}
	if missing != nil {
		t.Errorf("docs/guides/select.md lacks:\n%s", strings.Join(missing, "\n"))
	}
}

func looksAt(s Strategy) string {
	var out []string
	for _, need := range []struct {
		is   bool
		name string
	}{
		{s.AnyMeasure, s.Measure + " (`--by`)"},
		{s.Features, "features"},
		{s.Probabilities, "probabilities"},
		{s.Labelled == Welcome, "labelled set, if any"},
		{s.Labelled == Required, "labelled set"},
		{s.Labels, "labels"},
	} {
		if need.is {
			out = append(out, need.name)
		}
	}
	if out == nil {
		return "predicted class"
	}
	return strings.Join(out, ", ")
}
