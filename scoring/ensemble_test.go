package scoring

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/scoring/scoringtest"
)

// The values are those of the definitions in 40-digit decimal arithmetic.
func TestMemberMeasures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		members                                               string
		classes                                               int
		variationRatio, bald, meanSTD, voteEntropy, leastConf float64
		values                                                []float32
	}{
		{
			members: "two of three agree", classes: 3,
			values:         []float32{.5, .25, .25, .25, .5, .25, .5, .25, .25},
			variationRatio: 1. / 3, bald: 0.037835556226882895, meanSTD: 0.07856742013183861, voteEntropy: 0.6365141682948128, leastConf: 7. / 12,
		},
		{
			members: "one is certain of what is 0 elsewhere", classes: 3,
			values:         []float32{.5, .25, .25, .25, .5, .25, .5, .25, .25, 0, 1, 0},
			variationRatio: .5, bald: 0.24413822150899787, meanSTD: 0.20724281423938819, voteEntropy: 0.6931471805599453, leastConf: .5,
		},
		{
			members: "certain and opposed", classes: 2, values: []float32{1, 0, 0, 1},
			variationRatio: .5, bald: 0.6931471805599453, meanSTD: .5, voteEntropy: 0.6931471805599453, leastConf: .5,
		},
		{members: "unsure and agreed; a tie votes for the lower class", classes: 2, values: []float32{.5, .5, .5, .5}, leastConf: .5},
		{
			members: "five of two classes", classes: 2,
			values:         []float32{.5, .5, .25, .75, .75, .25, .125, .875, .5, .5},
			variationRatio: .4, bald: 0.10430764640799539, meanSTD: 0.21794494717703367, voteEntropy: 0.6730116670092565, leastConf: .425,
		},
	} {
		var row Row
		if err := row.SetMembers(c.values, c.classes, true); err != nil {
			t.Fatal(err)
		}
		for _, want := range []struct {
			m Measure
			v float64
		}{
			{variationRatio, c.variationRatio},
			{bald, c.bald},
			{consensusKL, c.bald}, // the two are one number, defined twice
			{meanSTD, c.meanSTD},
			{voteEntropy, c.voteEntropy},
			{leastConfidence, c.leastConf},
		} {
			if got := want.m.Of(&row); math.Abs(got-want.v) > 1e-14 {
				t.Errorf("%s: %s is %v, want %v", c.members, want.m.Name, got, want.v)
			}
		}
	}
}

func TestMembersRefuse(t *testing.T) {
	t.Parallel()
	var row Row
	err := row.SetMembers([]float32{1, 2, 3, float32(math.NaN())}, 2, false)
	if err == nil || !strings.Contains(err.Error(), "member 1") {
		t.Errorf("a member that is not finite: %v", err)
	}
	for _, name := range []string{"bald", "vote-entropy"} {
		if _, err := measuresFor([]string{name}, false); err == nil || !strings.Contains(err.Error(), "several opinions") {
			t.Errorf("%s of a single model: %v", name, err)
		}
	}
	if _, err := measuresFor([]string{"el2n"}, true); err == nil || !strings.Contains(err.Error(), "training") {
		t.Errorf("el2n in a pass: %v", err)
	}
}

// skewed is a fakeClassifier that adds a number to its first logit.
type skewed struct {
	*scoringtest.Classifier
	add float32
}

func (c skewed) Logits(ctx context.Context, batch []float32, n int, logits, features []float32) error {
	err := c.Classifier.Logits(ctx, batch, n, logits, features)
	for i := range n {
		logits[i*c.Outputs] += c.add
	}
	return err
}

// A pass over a committee gives what its members give one by one, in batches
// of any size.
func TestScoreCommittee(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 1))
	p := make(scoringtest.Rows, 41)
	for i := range p {
		p[i] = []float32{float32(rng.NormFloat64()), float32(rng.NormFloat64()), float32(rng.NormFloat64())}
	}
	adds := []float32{0, 1.5, -2}
	var members []Classifier
	for _, add := range adds {
		members = append(members, skewed{&scoringtest.Classifier{Dims: []int{3}, Outputs: 3}, add})
	}
	c, err := NewCommittee(members...)
	if err != nil {
		t.Fatal(err)
	}
	for _, batch := range []int{1, 7, 41} {
		for _, r := range collect(t, c, p, Options{Batch: batch, Features: true}) {
			var values []float32
			for _, add := range adds {
				values = append(values, p[r.Index][0]+add, p[r.Index][1], p[r.Index][2])
			}
			var row Row
			if err := row.SetMembers(values, 3, false); err != nil {
				t.Fatal(err)
			}
			if len(r.Scores.Names()) != 9 || r.Class != row.First {
				t.Fatalf("sample %d: class %d and scores %v", r.Index, r.Class, r.Scores)
			}
			for name, got := range r.Scores.All() {
				m, err := MeasureNamed(name)
				if err != nil {
					t.Fatal(err)
				}
				if got != m.Of(&row) {
					t.Errorf("batch %d, sample %d: %s is %g, want %g", batch, r.Index, name, got, m.Of(&row))
				}
			}
			if fmt.Sprint(r.Features) != fmt.Sprint(p[r.Index][:2]) {
				t.Errorf("sample %d: features %v", r.Index, r.Features)
			}
		}
	}
}

func TestCommitteeRefuses(t *testing.T) {
	t.Parallel()
	a := &scoringtest.Classifier{Dims: []int{3}, Outputs: 3}
	for want, members := range map[string][]Classifier{
		"at least 2":     {a},
		"samples of 2×2": {a, &scoringtest.Classifier{Dims: []int{2, 2}, Outputs: 3}},
		"4 classes":      {a, &scoringtest.Classifier{Dims: []int{3}, Outputs: 4}},
	} {
		if _, err := NewCommittee(members...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}
