package scoring

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// scoreOf is a score that the record must have.
func scoreOf(t testing.TB, r Record, name string) float64 {
	t.Helper()
	v, ok := r.Scores.Of(name)
	if !ok {
		t.Fatalf("record %s has no score %q, only %v", r.ID, name, r.Scores.Names())
	}
	return v
}

// TestJSONText holds our text against encoding/json's.
func TestJSONText(t *testing.T) {
	t.Parallel()
	encode := func(v any) string {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(b.String(), "\n")
	}
	numbers := []float64{
		0, math.Copysign(0, -1), 1, -1, 0.1, 1e-6, 9.99e-7, 1e-7, 1e-9, 1e-10, 1e-100, 1e20, 1e21, 1e22, 123456789.125,
		math.MaxFloat64, math.SmallestNonzeroFloat64, math.Nextafter(1, 2), 1.0 / 3,
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		if v := math.Float64frombits(rng.Uint64()); !math.IsNaN(v) && !math.IsInf(v, 0) {
			numbers = append(numbers, v)
		}
	}
	for _, v := range numbers {
		if got, err := appendNumber(nil, v); err != nil || string(got) != encode(v) {
			t.Errorf("%g is %s, %v, want %s", v, got, err, encode(v))
		}
	}
	for _, s := range []string{"", "a/b.png", `q"u\o`, "<&>", "é", "\u2028", "tab\t", "\x00", "\x7f", "bad \xff utf", "\U0001f600"} {
		if got := string(appendString(nil, s)); got != encode(s) {
			t.Errorf("%q is %s, want %s", s, got, encode(s))
		}
	}
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if _, err := appendNumber(nil, v); err == nil {
			t.Errorf("%g is written as a number", v)
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	s := ScoresOf(map[string]float64{"margin": 0.25, "entropy": 2})
	text, err := json.Marshal(s)
	if err != nil || string(text) != `{"entropy":2,"margin":0.25}` {
		t.Errorf("JSON is %s, %v", text, err)
	}
	var back Scores
	if err := json.Unmarshal(text, &back); err != nil || !back.Equal(s) {
		t.Errorf("read back %v, %v", back, err)
	}
	if _, ok := s.Of("ratio"); ok || s.Equal(Scores{}) {
		t.Errorf("%v holds a ratio, or equals nothing", s)
	}
	if err := json.Unmarshal([]byte(`{"entropy":null}`), &back); err == nil || !strings.Contains(err.Error(), `"entropy" is null`) {
		t.Errorf("error of a null is %v", err)
	}
}
