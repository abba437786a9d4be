// Package share reads parts of a whole as people write them: 0.5 or 50%.
package share

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Share is a part of a whole, as a fraction of 1. It is a flag's value and a
// value in YAML; what range is meant is for the reader to check.
type Share float64

var errWant = errors.New("want a share such as 0.5 or 50%")

// Parse reads "0.5" and "50%" as the same.
func Parse(text string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(text), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	switch {
	case err != nil:
		return 0, errWant
	case percent:
		return v / 100, nil
	}
	return v, nil
}

// Set implements pflag.Value.
func (s *Share) Set(text string) error {
	v, err := Parse(text)
	if err == nil {
		*s = Share(v)
	}
	return err
}

func (s *Share) String() string { return strconv.FormatFloat(float64(*s), 'g', -1, 64) }

// Type implements pflag.Value.
func (s *Share) Type() string { return "share" }

// UnmarshalYAML reads a number, or a text such as 50%.
func (s *Share) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if unmarshal(&text) == nil && strings.HasSuffix(text, "%") {
		if err := s.Set(text); err != nil {
			return fmt.Errorf("%q: %w", text, err)
		}
		return nil
	}
	return unmarshal((*float64)(s))
}

// List is a flag's value of several shares, separated by commas. The first
// text set takes the place of what is there, and further ones add to it.
type List struct {
	shares *[]float64
	set    bool
}

// ListVar is a List that keeps its shares in p.
func ListVar(p *[]float64) *List { return &List{shares: p} }

// Set implements pflag.Value.
func (l *List) Set(text string) error {
	var parsed []float64
	for part := range strings.SplitSeq(text, ",") {
		v, err := Parse(part)
		if err != nil {
			return err
		}
		parsed = append(parsed, v)
	}
	if !l.set {
		*l.shares, l.set = nil, true
	}
	*l.shares = append(*l.shares, parsed...)
	return nil
}

func (l *List) String() string {
	if l.shares == nil {
		return ""
	}
	var words []string
	for _, v := range *l.shares {
		words = append(words, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return strings.Join(words, ",")
}

// Type implements pflag.Value.
func (l *List) Type() string { return "shares" }
