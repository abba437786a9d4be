package main

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/scoring/selection"
)

// Every strategy that looks at the whole pool is measured, the two goals
// first, and a case tells what it was given.
func TestEveryCaseRuns(t *testing.T) {
	t.Parallel()
	cases := options{data: "clusters,normal", scale: 1}.cases()
	if cases[0].Strategy != "k-center" || cases[0].Pool != 200_000 || cases[2].Strategy != "badge" || cases[2].Classes != 100 {
		t.Errorf("the goals are not first: %+v", cases[:4])
	}
	for _, s := range selection.Strategies() {
		if has := slices.ContainsFunc(cases, func(c testCase) bool { return c.Strategy == s.Name }); has != s.WholePool() {
			t.Errorf("%s is measured: %t", s.Name, has)
		}
	}
	for _, c := range cases {
		c.Pool, c.Batch, c.Classes = 200, 10, 4
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := runOne(context.Background(), string(text), &b); err != nil {
			t.Errorf("%s of %s: %v", c.Strategy, c.Data, err)
			continue
		}
		var r outcome
		if err := json.Unmarshal(b.Bytes(), &r); err != nil || r.testCase != c || r.Seconds <= 0 {
			t.Errorf("%s of %s: %+v, %v", c.Strategy, c.Data, r, err)
		}
		s, err := selection.StrategyNamed(c.Strategy)
		if err != nil {
			t.Fatal(err)
		}
		if looks := s.Features || s.Probabilities; looks != (r.Input > 0) {
			t.Errorf("%s was given %d bytes", c.Strategy, r.Input)
		}
	}
}

func TestUnknownPool(t *testing.T) {
	t.Parallel()
	err := runOne(context.Background(), `{"strategy":"badge","data":"moons","pool":5,"features":2,"classes":2,"batch":1}`, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), `"moons"`) {
		t.Errorf("error is %v", err)
	}
}
