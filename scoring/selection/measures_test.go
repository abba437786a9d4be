package selection

import (
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
)

// measure is a measure of one row.
func measure(name string, row *scoring.Row) float64 {
	m, err := scoring.MeasureNamed(name)
	if err != nil {
		panic(err)
	}
	return m.Of(row)
}

// scoresOf are the measures that one row of logits has in a pass.
func scoresOf(t testing.TB, z ...float32) map[string]float64 {
	t.Helper()
	var row scoring.Row
	if err := row.SetLogits(z); err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, name := range []string{"random", "least-confidence", "margin", "ratio", "entropy"} {
		out[name] = measure(name, &row)
	}
	return out
}
