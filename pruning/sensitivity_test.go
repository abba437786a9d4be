package pruning_test

import (
	"context"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestSensitivity: channels go where the others make up for them.
func TestSensitivity(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	b := newNet(t, 3)
	twins(b)
	b.conv("z", "h", 8, 6, 3, 1)
	b.relu("r", "z")
	b.op("Conv", "y", []string{"r", b.weight("y.w", 4, 6, 1, 1), b.weight("y.b", 4)})
	b.output("y", 0, 4, 6, 6)
	c := pruning.Config{Ratio: 0.2, Scope: pruning.Sensitivity, Evidence: pruning.Evidence{Samples: noise(1, 8, 16, 3, 6, 6), Session: one}}
	r, err := pruning.PruneContext(context.Background(), b.model(), c)
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range r.Analysis.Groups {
		if want := map[string]int{"c.w:0": 5, "z.w:0": 6}[g.Name()]; len(r.Selection[i]) != want {
			t.Errorf("%d of %s stay, want %d", len(r.Selection[i]), g.Name(), want)
		}
	}
	c.Evidence.Samples = nil
	if _, err := pruning.Prune(b.m, c); err == nil {
		t.Error("measured without samples")
	}
}

func TestParseScope(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]pruning.Scope{"": pruning.PerGroup, "uniform": pruning.PerGroup, "global": pruning.Global, "sensitivity": pruning.Sensitivity} {
		if got, err := pruning.ParseScope(name); err != nil || got != want {
			t.Errorf("%q is %q, %v", name, got, err)
		}
	}
	if _, err := pruning.ParseScope("sensitive"); err == nil {
		t.Error("a scope that is none is taken")
	}
}
