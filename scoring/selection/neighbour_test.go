package selection

import (
	"context"
	"math"
	"testing"

	"github.com/prunefuse/prunefuse/scoring"
)

func TestNearestLabelled(t *testing.T) {
	t.Parallel()
	pool := Candidates{Features: Features{Dim: 2, Data: []float32{0, 0, 10, 0, 0, 10, 3, 4}}}
	for i := range pool.Features.Len() {
		pool.Records = append(pool.Records, scoring.Record{Index: i, ID: string(rune('a' + i))})
	}
	labelled := Candidates{Features: Features{Dim: 2, Data: []float32{0, 1, 9, 0, 0, -1}}}
	for _, named := range []bool{false, true} {
		if named {
			labelled.Records = []scoring.Record{{ID: "x"}, {ID: "y"}, {ID: "z"}}
		}
		chosen, err := pool.Choose(context.Background(), Choice{Strategy: "k-center", K: 4, Labelled: labelled, Workers: 3})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range chosen {
			want := map[string]Neighbour{"a": {0, "x", 1}, "b": {1, "y", 1}, "c": {0, "x", 9}, "d": {0, "x", math.Sqrt(18)}}[s.Record.ID]
			if !named {
				want.ID = ""
			}
			if s.Nearest == nil || *s.Nearest != want {
				t.Errorf("%s: nearest %+v, want %+v", s.Record.ID, s.Nearest, want)
			}
		}
	}
	alone, err := pool.Choose(context.Background(), Choice{Strategy: "k-center", K: 1})
	if err != nil || alone[0].Nearest != nil {
		t.Errorf("without a labelled set: %+v, %v", alone, err)
	}
}
