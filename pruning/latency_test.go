package pruning_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
	"github.com/prunefuse/prunefuse/pruning"
)

// TestLatency: whatever was measured, the file is the one of the ratio that
// is reported, and it was measured to be within the limit.
func TestLatency(t *testing.T) {
	orttest.Need(t)
	dense := build(t, "resnet20", models.Options{})
	session := pruning.Evidence{Session: ort.SessionOptions{Threads: 1}}
	r := prune(t, dense, pruning.Config{Budget: pruning.Budget{Of: pruning.Latency, Share: 0.7}, Evidence: session})
	if q := r.Reached; q.Of != pruning.Latency || q.Got > q.Limit || q.Got < 1 || q.Limit != int64(0.7*float64(q.Dense)) || q.Tried < 2 {
		t.Errorf("%+v", q)
	}
	again := prune(t, dense, pruning.Config{Ratio: min(r.Reached.Ratio, 1-1e-12), Limits: pruning.Limits{RoundTo: pruning.LatencyRoundTo}})
	if !bytes.Equal(marshal(t, r.Model), marshal(t, again.Model)) {
		t.Errorf("another file than at the ratio %v", r.Reached.Ratio)
	}
}

func TestLatencyErrors(t *testing.T) {
	t.Parallel()
	orttest.Need(t)
	dense := build(t, "lenet", models.Options{})
	_, err := pruning.Prune(dense, pruning.Config{Budget: pruning.Budget{Of: pruning.Latency, Amount: 1}})
	if e := (*pruning.UnreachableError)(nil); !errors.As(err, &e) || e.Of != pruning.Latency || e.Least < 1 {
		t.Errorf("one nanosecond: %v", err)
	}
	if _, err := pruning.Prune(dense, pruning.Config{Budget: pruning.Budget{Of: pruning.Latency, Amount: 1e15}}); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("eleven days: %v", err)
	}
	b := newNet(t, 1)
	b.p.SetInputType("x", shape(0, 3, 0, 4))
	b.conv("h", "x", 3, 6, 3, 1)
	b.conv("y", "h", 6, 2, 3, 1)
	b.p.SetOutputType("y", shape(0, 2, 0, 4))
	if _, err := pruning.Prune(b.model(), pruning.Config{Budget: pruning.Budget{Of: pruning.Latency, Share: 0.5}}); err == nil || !strings.Contains(err.Error(), "is of open size; give its shape") {
		t.Errorf("an open height: %v", err)
	}
}
