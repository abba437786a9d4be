package glob

import (
	"slices"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"conv1*", "conv1.weight", true},
		{"conv1*", "layer/conv1.weight", false},
		{"*conv1*", "/layer/conv1/weight", true},
		{"fc.?ias", "fc.bias", true},
		{"fc", "fc.bias", false},
		{"[", "[", false},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("%q stands for %q: %v, want %v", c.pattern, c.name, got, c.want)
		}
	}
	if Check("[") == nil || Check("a[bc]*") != nil {
		t.Error("a malformed pattern passes, or a good one does not")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"bn1.bias", "layer1.0.conv1.weight", "layer1.0.conv2.weight", "fc.weight", "fc.bias"}
	for _, c := range []struct {
		pattern string
		want    []string
	}{
		{"cf.bias", []string{"fc.bias", "bn1.bias"}},
		{"classifier*", []string{"layer1.0.conv1.weight", "layer1.0.conv2.weight"}},
		{"*.conv3.*", []string{"layer1.0.conv1.weight", "layer1.0.conv2.weight"}},
		{"fc?wight", []string{"fc.weight", "fc.bias"}},
	} {
		if got := Nearest(c.pattern, names, 2); !slices.Equal(got, c.want) {
			t.Errorf("%q: nearest are %q, want %q", c.pattern, got, c.want)
		}
	}
	for _, c := range []struct {
		pattern, name string
		want          int
	}{{"kitten", "sitting", 3}, {"", "abc", 3}, {"abc", "", 3}, {"*", "abc", 0}, {"a*c", "abbbc", 0}, {"a*d", "abbbc", 1}} {
		if got := distance([]rune(c.pattern), []rune(c.name)); got != c.want {
			t.Errorf("%q is %d away from %q, want %d", c.name, got, c.pattern, c.want)
		}
	}
	if got := Nearest("x", nil, 3); got != nil {
		t.Errorf("nearest of nothing: %q", got)
	}
}
