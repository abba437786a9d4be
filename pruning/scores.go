package pruning

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ScoresSchema is the schema that a file of scores states.
const ScoresSchema = "prunefuse.scores/1"

// Scores are the importances of channels as they stand in a file.
type Scores struct {
	Schema string `json:"schema"`
	// Comparable says that the scores of different groups rank against each
	// other as they stand. Others are divided by the mean of their group
	// before they do.
	Comparable bool `json:"comparable,omitempty"`
	// Groups holds, by the group's name, one number for each channel; the
	// least go first.
	Groups map[string][]float64 `json:"groups"`
}

// ParseScores decodes scores. Whether they fit a model, Config.Scores finds.
func ParseScores(b []byte) (*Scores, error) {
	s := &Scores{}
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("read scores: %w", err)
	}
	if s.Schema != ScoresSchema {
		return nil, fmt.Errorf("read scores: schema %q, want %q", s.Schema, ScoresSchema)
	}
	return s, nil
}

// JSON is the scores as they stand in a file.
func (s *Scores) JSON() ([]byte, error) { return json.Marshal(s) }

// named puts scores by group ID under the groups' names.
func (a *Analysis) named(scores [][]float64, comparable bool) *Scores {
	s := &Scores{Schema: ScoresSchema, Comparable: comparable, Groups: map[string][]float64{}}
	for i, g := range a.Groups {
		s.Groups[g.Name()] = scores[i]
	}
	return s
}

// of are the scores by group ID; every group must have them, and nothing else.
func (s *Scores) of(a *Analysis) ([][]float64, error) {
	out := make([][]float64, len(a.Groups))
	known := map[string]bool{}
	for i, g := range a.Groups {
		known[g.Name()] = true
		v, ok := s.Groups[g.Name()]
		switch {
		case !ok:
			return nil, fmt.Errorf("scores: group %s has none", g.Name())
		case len(v) != g.Size:
			return nil, fmt.Errorf("scores: group %s has %d, want one for each of its %d channels", g.Name(), len(v), g.Size)
		}
		out[i] = v
	}
	for _, name := range slices.Sorted(maps.Keys(s.Groups)) {
		if !known[name] {
			return nil, fmt.Errorf("scores: the model has no group %s that can be pruned; inspect lists them", name)
		}
	}
	return out, nil
}

var errScoresOnce = errors.New("scores from outside are of the dense model and cannot be renewed in steps")
