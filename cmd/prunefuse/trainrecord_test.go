package main

import (
	"bytes"
	"testing"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/training"
)

// What a training saw of its samples can be selected from like other scores.
func TestDynamicsAreScores(t *testing.T) {
	t.Parallel()
	set, err := data.Open("demo", data.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := training.WriteDynamics(&b, set, []training.Dynamics{{Taken: 7, Learned: true, EL2N: 0.5, Class: 4, Confidence: 0.25}}); err != nil {
		t.Fatal(err)
	}
	for r, err := range scoring.ReadRecords(&b) {
		if err != nil {
			t.Fatal(err)
		}
		if r.ID != set.ID(0) || *r.Label != set.Label(0) || r.Class != 4 || r.Confidence != 0.25 {
			t.Errorf("%+v", r)
		}
	}
	if training.DynamicsSchema != scoring.RecordSchema {
		t.Errorf("the schema is %s, that of scores %s", training.DynamicsSchema, scoring.RecordSchema)
	}
}
