package suggest

import (
	"slices"
	"testing"
)

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"margin", "margin", 0},
		{"Margin", "margin", 0},
		{"strtegy", "strategy", 1},
		{"strateyg", "strategy", 1}, // neighbours swapped
		{"kitten", "sitting", 3},
		{"ähnlich", "ahnlich", 1},
	} {
		if got := Distance(c.a, c.b); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if got := Distance(c.b, c.a); got != c.want {
			t.Errorf("Distance(%q, %q) = %d, want %d", c.b, c.a, got, c.want)
		}
	}
}

func TestTypo(t *testing.T) {
	t.Parallel()
	commands := []string{"prune", "train", "run", "new", "score", "bench", "version", "verify"}
	for word, want := range map[string][]string{
		"prun":       {"prune", "run"},
		"tarin":      {"train"},
		"ver":        {"verify", "version"},
		"benchmark":  {"bench"},
		"frobnicate": {},
		"x":          {},
	} {
		if got := Typo(word, commands); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", word, got, want)
		}
	}
}

func TestWant(t *testing.T) {
	t.Parallel()
	long := []string{"margin", "entropy", "least-confidence", "margin-density", "badge", "k-center", "random"}
	for _, c := range []struct {
		word  string
		words []string
		want  string
	}{
		{"lion", []string{"sgd", "adam", "adamw"}, "want sgd, adam or adamw"},
		{"x", []string{"one"}, "want one"},
		{"marign", long, "did you mean margin, badge or random?"},
		{"density", long, "did you mean margin-density, entropy or margin?"},
	} {
		if got := Want(c.word, c.words); got != c.want {
			t.Errorf("Want(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}
