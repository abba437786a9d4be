package pruning_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// takenApart are compositions of grouped convolutions, whose groups become channels
// of a depthwise one when single channels are left of them.
var takenApart = []string{"grouped bottleneck/one channel"}

// TestPrunedTwice prunes every composition and then what comes of it, once down to
// single channels. The plan of the second prune leads from the dense model to the
// last, or the second prune is refused.
func TestPrunedTwice(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	refused := map[string]bool{}
	for _, name := range takenApart {
		refused[name] = true
	}
	for _, c := range compositions() {
		for name, shares := range map[string][2]float64{"a part": {0.8, 0.6}, "one channel": {0, 0.5}, "all, then a part": {1, 0.5}} {
			name = c.name + "/" + name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				dense := c.model(&sketch{net: newNet(t, 11)})
				first := thinned(t, dense, 0, shares[0])
				a := analyze(t, first, pruning.Options{})
				last, _, err := a.Apply(someOf(a, rand.New(rand.NewPCG(1, 7)), shares[1]), "")
				if refused[name] {
					if err == nil || !strings.Contains(err.Error(), "whole groups would go") {
						t.Errorf("%v; want a refusal", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := readBackTo(dense, last, pruning.VerifyOptions{Inputs: 1, Session: plain}, sameNumbers); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func thinned(t *testing.T, m *onnxio.Model, seed uint64, share float64) *onnxio.Model {
	t.Helper()
	a := analyze(t, m, pruning.Options{})
	out, _, err := a.Apply(someOf(a, rand.New(rand.NewPCG(seed, 7)), share), "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sameNumbers is an error where two models compute other things: of two prunes
// constants that say where values go have other names.
func sameNumbers(x, y *onnxio.Model) error {
	return same(pruning.VerifyOptions{Inputs: 1, Session: plain}, func(o pruning.VerifyOptions) (*pruning.Verification, error) {
		v, err := pruning.Compare(context.Background(), x, y, o)
		if err == nil && v.MaxDiff > 0 {
			return nil, fmt.Errorf("they differ: %+v", v)
		}
		return v, err
	})
}
