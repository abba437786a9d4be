package main

import (
	"bytes"
	"math"
	"strings"
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
	nan := math.NaN()
	var b bytes.Buffer
	left, err := writeDynamics(&b, set, []training.Dynamics{
		{Taken: 7, Forgotten: 3, Learned: true, EL2N: 0.5, GraNd: 2, AUM: -1, Class: 4, Confidence: 0.25},
		{Taken: 6, EL2N: nan, GraNd: nan},
		{Taken: 6, EL2N: 1.25, GraNd: nan, AUM: 3},
	})
	if err != nil || left != 1 {
		t.Fatalf("%d left out, %v", left, err)
	}
	var got []scoring.Record
	for r, err := range scoring.ReadRecords(strings.NewReader(b.String())) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if len(got) != 2 || got[0].ID != set.ID(0) || *got[0].Label != set.Label(0) || got[0].Class != 4 || got[0].Confidence != 0.25 || got[1].Index != 2 {
		t.Errorf("%+v", got)
	}
	lines := strings.Split(b.String(), "\n")
	for k, want := range []string{
		`"never_learned":false,"epochs":7,"scores":{"aum":-1,"el2n":0.5,"forgetting":3,"grand":2}}`,
		`"never_learned":true,"epochs":6,"scores":{"aum":3,"el2n":1.25,"forgetting":7}}`,
	} {
		if !strings.HasSuffix(lines[k], want) {
			t.Errorf("line %d is %s, want %s at its end", k, lines[k], want)
		}
	}
}
