package prunefuse

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/version"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// trainingPasses is how many forward passes' worth of multiply-accumulates a
// training step takes: one forward, one for the gradients of the inputs and
// one for those of the weights.
const trainingPasses = 3

// newNetwork counts what one image costs.
func newNetwork(m *onnxio.Model, role string) (*network, error) {
	s, err := op.CountModel(m, nil)
	if err != nil {
		return nil, err
	}
	return &network{model: m, role: role, macs: s.MACs, params: s.Parameters}, nil
}

// with is the network with other weights.
func (n *network) with(m *onnxio.Model) *network {
	return &network{model: m, role: n.role, macs: n.macs, params: n.params}
}

// timed runs f and enters what it cost: passes forward passes of the network
// over the samples that f says it handled.
func (r *run) timed(module string, n *network, passes int64, costs *[]report.Cost, f func() (samples int64, err error)) error {
	begin := time.Now()
	samples, err := f()
	if err != nil {
		return err
	}
	c := report.Cost{Module: module, Seconds: time.Since(begin).Seconds(), Samples: samples}
	if n != nil {
		c.Network = n.role
		c.MACs = n.macs * samples * passes
	}
	*costs = append(*costs, c)
	return nil
}

// sameConfig compares configurations as they are recorded.
func sameConfig(a, b config.Config) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && reflect.DeepEqual(x, y)
}

func (r *run) newReport() *report.Report {
	return &report.Report{
		Title: r.cfg.Title, Command: join(r.opts.Command), Version: version.Version, Seed: r.cfg.Seed,
		TestSet: fmt.Sprintf("%s, %s held-out images", r.cfg.Test, count(r.test.Len())),
	}
}
