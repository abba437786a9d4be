package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
)

const schema = "prunefuse.bench-prune/1"

// outcome is what came of one model.
type outcome struct {
	Schema string `json:"schema"`
	Model  string `json:"model"`
	Error  string `json:"error,omitempty"` // why it failed; what follows is then of no use
	Before sizes  `json:"before"`
	After  sizes  `json:"after"`
	// Seconds are from the start of reading to the file written.
	Seconds float64 `json:"seconds"`
	// PeakBytes is the most memory resident in that time; 0 where the system
	// does not tell.
	PeakBytes    int64                 `json:"peak_bytes"`
	Verification *pruning.Verification `json:"verification,omitempty"`
	// Uncounted are the nodes that are not in the MACs, as their cost is not
	// known in both models, and OpenInputs the inputs whose size it hangs on.
	Uncounted  int      `json:"uncounted_nodes,omitempty"`
	OpenInputs []string `json:"open_inputs,omitempty"`
	// ForbiddenBy says what keeps the MACs above mostMACs of the original's.
	ForbiddenBy string `json:"forbidden_by,omitempty"`
	// TorchPruning is what is known of the same network there. Equal tells
	// whether what is left has as many parameters, where that compares.
	TorchPruning *peer `json:"torch_pruning,omitempty"`
	Equal        *bool `json:"equals_torch_pruning,omitempty"`

	asPeer bool // pruned as torchPruning is
}

type sizes struct {
	Parameters int64 `json:"parameters"`
	// Unmerged are the parameters with a copy of each vector for each reader.
	Unmerged int64 `json:"unmerged_parameters"`
	MACs     int64 `json:"macs"`
	Bytes    int64 `json:"bytes"` // of the weights
}

// mostMACs is the share of the MACs that should be left at most when half of
// all channels go.
const mostMACs = 0.3

// macsKnown reports whether the MACs are those of most of the model.
func (o *outcome) macsKnown() bool { return o.Uncounted == 0 || len(o.OpenInputs) == 0 }

func (o *outcome) macRatio() float64 { return float64(o.After.MACs) / float64(o.Before.MACs) }

// pruneOne prunes a model into a temporary file and verifies that file.
func pruneOne(ctx context.Context, path string, o options) (*outcome, error) {
	dir, err := os.MkdirTemp("", "prunefuse-bench")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	written := filepath.Join(dir, filepath.Base(path))

	start := time.Now()
	dense, err := onnxio.Load(path)
	if err != nil {
		return nil, err
	}
	r, err := pruning.Prune(dense, pruning.Config{
		Ratio: o.ratio, Limits: pruning.Limits{RoundTo: o.roundTo}, Criterion: o.criterion, ParentName: filepath.Base(path),
	})
	if err != nil {
		return nil, err
	}
	tooLarge := weightBytes(r.Model) > oneFile
	if err := r.Model.Save(written, onnxio.SaveOptions{External: tooLarge}); err != nil {
		return nil, err
	}
	out := &outcome{Seconds: time.Since(start).Seconds(), PeakBytes: peakBytes()}

	pruned, err := onnxio.Load(written)
	if err != nil {
		return nil, err
	}
	shapes := o.shapes.Of(dense.Graph.Inputs())
	before, err := op.CountModel(dense, shapes)
	if err != nil {
		return nil, err
	}
	after, err := op.CountModel(pruned, shapes)
	if err != nil {
		return nil, err
	}
	out.Before, out.After = sizesOf(before, dense), sizesOf(after, pruned)
	out.Before.MACs, out.After.MACs, out.Uncounted = op.MACsInBoth(before, after)
	out.OpenInputs = before.Open
	if out.After.Parameters == out.Before.Parameters {
		return nil, errors.New("no weight was cut")
	}
	if out.macsKnown() && !(out.macRatio() <= mostMACs) {
		out.ForbiddenBy = forbiddenBy(r.Analysis, before, after, 1-o.ratio)
	}
	if !o.verify {
		return out, nil
	}
	if err := ort.Init(ctx, ort.Options{}); err != nil {
		return nil, err
	}
	again, err := readBack(dense, pruned)
	if err != nil {
		return out, err
	}
	out.Verification, err = again.Analysis.Verify(ctx, again.Selection, pruned, pruning.VerifyOptions{
		Inputs: o.inputs, InputShapes: shapes, Session: ort.SessionOptions{Scratch: dir},
	})
	if err == nil && !out.Verification.Equal() {
		err = fmt.Errorf("verify: greatest difference %.2g at %q, tolerance %.2g", out.Verification.MaxDiff, out.Verification.Value, out.Verification.Tolerance)
	}
	return out, err
}

// readBack prunes a model by the plan that a pruned one carries, as prune --plan
// does, to the same model. What the plan is taken for, as by verify, is in the
// result.
func readBack(dense, pruned *onnxio.Model) (*pruning.Result, error) {
	plan, err := pruning.ReadPlan(pruned)
	if err != nil {
		return nil, fmt.Errorf("read the plan back: %w", err)
	}
	r, err := pruning.PruneByPlan(dense, plan, plan.Parent.Name)
	if err != nil {
		return nil, fmt.Errorf("prune by its own plan: %w", err)
	}
	want, err := pruned.Fingerprint()
	if err != nil {
		return nil, err
	}
	got, err := r.Model.Fingerprint()
	if err == nil && got != want {
		err = errors.New("pruned by its own plan it is another model")
	}
	return r, err
}

func sizesOf(s op.Stats, m *onnxio.Model) sizes {
	return sizes{Parameters: s.Parameters, Unmerged: unmerged(m), Bytes: weightBytes(m)}
}

// oneFile is a size of weights from which they are written beside the model,
// somewhat below the 2 GiB that a file can hold.
const oneFile = 2000 << 20

func weightBytes(m *onnxio.Model) (n int64) {
	for _, t := range m.Graph.Initializers() {
		n += t.Len() * int64(t.Elem().Bits()) / 8
	}
	for _, node := range m.Graph.Nodes() {
		if t, root := m.Graph.Constant(node.Output(0)); t != nil && root == node.Output(0) {
			n += t.Len() * int64(t.Elem().Bits()) / 8
		}
	}
	return n
}

// peakBytes is the most memory that was resident in this process, which Linux
// tells; elsewhere it is 0.
func peakBytes() int64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if text, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(text, "kB")), 10, 64)
			return kib << 10
		}
	}
	return 0
}
