package optest

import "testing"

func TestEvaluate(t *testing.T) {
	t.Parallel()
	env := map[string]int64{"N": 7, "batch.0": 3}
	for text, want := range map[string]int64{
		"12": 12, "N": 7, "2*N": 14, "N*batch.0": 21, "floor((N-1)/2)": 3, "floor((N+1)/4)": 2, "ceil(N/2)": 4,
		"2*floor((N-1)/2)": 6, "floor((2×N-1)/3)": 4, "-3": -3, "(N+2)-N": 2, "ceil((N-1)/4)": 2, "(6*N)/(2)": 21,
	} {
		if got, err := evaluate(text, env); err != nil || got != want {
			t.Errorf("%s = %d, error %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"M", "N/2", "floor(N", "N)", "", "N+"} {
		if got, err := evaluate(text, env); err == nil {
			t.Errorf("%q = %d, want an error", text, got)
		}
	}
}
