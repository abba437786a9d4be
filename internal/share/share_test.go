package share

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"0.5": 0.5, "50%": 0.5, " 12.5 % ": 0.125, "1": 1, "100%": 1, "0": 0, "-3%": -0.03, "1e-1": 0.1,
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
	if got, err := Parse("NaN"); err != nil || !math.IsNaN(got) {
		t.Errorf("NaN: %v, %v", got, err)
	}
	for _, text := range []string{"", "%", "half", "50%%", "1/2", "0,5"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q: %v and no error", text, got)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	var half Share
	if err := half.Set("50%"); err != nil || half != 0.5 || half.String() != "0.5" {
		t.Errorf("%v, %v", half, err)
	}
	if err := half.Set("much"); err == nil || half != 0.5 {
		t.Errorf("%v, %v", half, err)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	shares := []float64{0.1, 0.2}
	l := ListVar(&shares)
	for _, step := range []struct {
		text string
		want []float64
	}{
		{"50%,0.75", []float64{0.5, 0.75}},
		{"0.9", []float64{0.5, 0.75, 0.9}},
	} {
		if err := l.Set(step.text); err != nil || !slices.Equal(shares, step.want) {
			t.Errorf("%q: %v, %v", step.text, shares, err)
		}
	}
	if err := l.Set("0.1,x"); err == nil || len(shares) != 3 || l.String() != "0.5,0.75,0.9" {
		t.Errorf("%v, %v", shares, err)
	}
}

func TestYAML(t *testing.T) {
	t.Parallel()
	type section struct {
		Ratio Share `yaml:"ratio"`
	}
	for text, want := range map[string]Share{"0.5": 0.5, "50%": 0.5, "'50%'": 0.5, "1": 1} {
		var s section
		if err := yaml.UnmarshalWithOptions([]byte("ratio: "+text), &s, yaml.Strict()); err != nil || s.Ratio != want {
			t.Errorf("%s: %v, %v", text, s.Ratio, err)
		}
	}
	for _, text := range []string{"half", "x%", "[1]"} {
		var s section
		err := yaml.UnmarshalWithOptions([]byte("other: 1\nratio: "+text), &s)
		if err == nil {
			t.Errorf("%s: %v and no error", text, s.Ratio)
		} else if got := yaml.FormatError(err, false, false); !strings.Contains(got, "[2:8]") && !strings.Contains(got, "x%") {
			t.Errorf("%s: the error does not point to the value: %s", text, got)
		}
	}
}
