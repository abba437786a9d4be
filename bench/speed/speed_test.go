package main

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

// Whether the network became faster is not asked: a test asserts no time.
func TestSpeed(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	var stdout bytes.Buffer
	err := run(context.Background(), []string{"-json", "-time", "1ns", "-batch", "3", "lenet"}, &stdout)
	if err != nil && !strings.Contains(err.Error(), "did not become faster") {
		t.Fatal(err)
	}
	var g gain
	if err := json.Unmarshal(stdout.Bytes(), &g); err != nil {
		t.Fatal(err)
	}
	if g.Network != "lenet" || g.Batch != 3 || g.MACs[1] <= 0 || g.MACs[1] >= g.MACs[0]/2 ||
		!(g.Low > 0 && g.Low <= g.Time && g.Time <= g.High) ||
		math.Abs(g.TimeOverMACs*float64(g.MACs[1])/float64(g.MACs[0])-g.Time) > 1e-12 {
		t.Errorf("%+v", g)
	}
	if err := run(context.Background(), []string{"nonsense"}, &stdout); err == nil || !strings.Contains(err.Error(), "unknown architecture") {
		t.Errorf("error %v", err)
	}
}
