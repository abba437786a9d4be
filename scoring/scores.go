package scoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Scores are values of measures by name. Those of one pass share their names,
// so that a record costs no map. The zero value holds none.
type Scores struct {
	names  []string // ascending
	values []float64
}

// ScoresOf makes Scores of a map.
func ScoresOf(m map[string]float64) Scores {
	s := Scores{names: slices.Sorted(maps.Keys(m))}
	for _, name := range s.names {
		s.values = append(s.values, m[name])
	}
	return s
}

// Of returns the value of a measure; ok is false where there is none.
func (s Scores) Of(name string) (value float64, ok bool) {
	for i, n := range s.names {
		if n == name {
			return s.values[i], true
		}
	}
	return 0, false
}

// Names returns those of the measures, ascending. The slice is not the caller's.
func (s Scores) Names() []string { return s.names }

// All returns the values by name, names ascending.
func (s Scores) All() iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		for i, name := range s.names {
			if !yield(name, s.values[i]) {
				return
			}
		}
	}
}

// Equal reports whether both hold the same values by the same names.
func (s Scores) Equal(o Scores) bool {
	return slices.Equal(s.names, o.names) && slices.Equal(s.values, o.values)
}

// MarshalJSON gives an object, keys ascending.
func (s Scores) MarshalJSON() ([]byte, error) { return s.appendJSON(nil) }

func (s Scores) appendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	for i, name := range s.names {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendNumber(append(appendString(b, name), ':'), s.values[i]); err != nil {
			return nil, fmt.Errorf("score %q: %w", name, err)
		}
	}
	return append(b, '}'), nil
}

// UnmarshalJSON takes an object of numbers.
func (s *Scores) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	var m map[string]*float64
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	*s = Scores{names: slices.Sorted(maps.Keys(m)), values: make([]float64, 0, len(m))}
	for _, name := range s.names {
		if m[name] == nil {
			return fmt.Errorf("score %q is null", name)
		}
		s.values = append(s.values, *m[name])
	}
	return nil
}
