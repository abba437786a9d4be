package training_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"

	"github.com/prunefuse/prunefuse/training"
)

type labelled struct{}

func (labelled) ID(i int) string { return fmt.Sprintf("x/%d", i) }
func (labelled) Label(i int) int { return i + 1 }

func TestWriteDynamics(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	var b bytes.Buffer
	missed, err := training.WriteDynamics(&b, labelled{}, []training.Dynamics{
		{Taken: 7, Forgotten: 3, Learned: true, EL2N: 0.5, GraNd: 2, AUM: -1, Class: 4, Confidence: 0.25},
		{Taken: 6, EL2N: nan, GraNd: nan},
		{Taken: 6, EL2N: 1.25, GraNd: nan, AUM: 3},
	})
	if err != nil || missed != 1 {
		t.Fatalf("%d left out, %v", missed, err)
	}
	const want = `{"schema":"prunefuse.score/1","index":0,"id":"x/0","label":1,"class":4,"confidence":0.25,"never_learned":false,"epochs":7,"scores":{"aum":-1,"el2n":0.5,"forgetting":3,"grand":2}}
{"schema":"prunefuse.score/1","index":2,"id":"x/2","label":3,"class":0,"confidence":0,"never_learned":true,"epochs":6,"scores":{"aum":3,"el2n":1.25,"forgetting":7}}
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}
