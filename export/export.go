package export

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/internal/version"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
	"github.com/prunefuse/prunefuse/pruning"
)

// MetaKey is the metadata property in which an exported model says what it
// was made from.
const MetaKey = "prunefuse.export"

// Options say how Model checks its work. SkipVerify leaves the check
// out, which otherwise needs ONNX Runtime.
type Options struct {
	SkipVerify bool
	Seed       uint64
	Session    ort.SessionOptions
	// InputShapes are the extents to run at of inputs of open size.
	InputShapes onnxio.InputShapes
}

// Report is what Model did.
type Report struct {
	Schema          string `json:"schema"`
	Source          string `json:"source"` // fingerprint of the model exported
	FoldedBatchNorm int    `json:"folded_batchnorm"`
	NodesBefore     int    `json:"nodes_before"`
	NodesAfter      int    `json:"nodes_after"`
	FreedBatch      bool   `json:"freed_batch"` // a fixed batch size was made free
	// FixedBatch is why a batch size stays fixed, "" where it is free.
	FixedBatch string `json:"fixed_batch,omitempty"`
	// FixedInputs are those with a default value, which a caller of the source may
	// replace and a caller of the export may not.
	FixedInputs  []string              `json:"fixed_inputs,omitempty"`
	Verification *pruning.Verification `json:"verification,omitempty"`
}

// DiffersError says that a model made from another does not compute the
// same.
type DiffersError struct{ Verification *pruning.Verification }

func (e *DiffersError) Error() string {
	return e.Verification.Difference()
}

// Model makes a model ready for deployment: BatchNormalization folded into
// the layers before it, shape arithmetic worked out, nodes and weights that
// nothing needs gone, the batch size free. Metadata stays, and the new model
// names its source. It is run against the source on random inputs; a
// difference is a *DiffersError. The source is not changed.
func Model(ctx context.Context, m *onnxio.Model, o Options) (*onnxio.Model, *Report, error) {
	out, rep, err := model(ctx, m, o)
	if err != nil {
		return nil, nil, fmt.Errorf("export: %w", err)
	}
	return out, rep, nil
}

func model(ctx context.Context, m *onnxio.Model, o Options) (*onnxio.Model, *Report, error) {
	source, err := m.Fingerprint()
	if err != nil {
		return nil, nil, err
	}
	rep := &Report{Schema: "prunefuse.export/1", Source: source, NodesBefore: len(m.Graph.Nodes())}
	out, err := fixDefaults(m)
	if err != nil {
		return nil, nil, err
	}
	rep.FixedInputs = m.Defaults()
	out, folded, err := rewrite.FoldBatchNorm(out)
	if err != nil {
		return nil, nil, err
	}
	rep.FoldedBatchNorm = len(folded)
	freed, fixed, err := rewrite.FreeBatch(out)
	if err != nil {
		return nil, nil, err
	}
	rep.FreedBatch, rep.FixedBatch = freed != out, fixed
	out = freed
	if out, err = op.Fold(out); err != nil {
		return nil, nil, err
	}
	if out, err = rewrite.AvoidFaults(out); err != nil {
		return nil, nil, err
	}
	rep.NodesAfter = len(out.Graph.Nodes())
	if err := keepPlan(out, folded); err != nil {
		return nil, nil, err
	}
	if o.SkipVerify {
		if err := ort.Loads(ctx, out, o.Session); err != nil {
			return nil, nil, err
		}
	} else {
		if rep.Verification, err = pruning.Compare(ctx, m, out, pruning.VerifyOptions{Seed: o.Seed, Session: o.Session, InputShapes: o.InputShapes}); err != nil {
			return nil, nil, err
		}
		if !rep.Verification.Equal() {
			return nil, nil, &DiffersError{rep.Verification}
		}
	}
	lineage, err := json.Marshal(map[string]any{"schema": rep.Schema, "source": source, "folded_batchnorm": rep.FoldedBatchNorm})
	if err != nil {
		return nil, nil, err
	}
	out.SetMeta(MetaKey, string(lineage))
	out.SetProducer("prunefuse", version.Version)
	return out, rep, nil
}

// fixDefaults returns the model without inputs that have a default value, which an
// export works into other weights.
func fixDefaults(m *onnxio.Model) (*onnxio.Model, error) {
	names := m.Defaults()
	if names == nil {
		return m, nil
	}
	out := m.Clone()
	p := out.Graph.Edit()
	for _, name := range names {
		p.RemoveInput(name)
	}
	return out, p.Apply()
}

// keepPlan makes the plan of a pruned model speak of the weights that the
// export left: a folded weight takes the place of the one it was made from,
// and what is gone is dropped.
func keepPlan(m *onnxio.Model, folded []rewrite.Folded) error {
	plan, err := pruning.ReadPlan(m)
	if err != nil || plan == nil {
		return err
	}
	folds := map[string]string{}
	for _, f := range folded {
		folds[f.Source] = f.Weight
		if e, ok := plan.Initializers[f.Source]; ok {
			e.From = e.Source(f.Source)
			plan.Initializers[f.Weight] = e
		}
	}
	for name := range plan.Initializers {
		if m.Graph.Initializer(name) == nil {
			delete(plan.Initializers, name)
		}
	}
	gone := func(member [2]any) bool {
		name, _ := member[0].(string)
		return m.Graph.Initializer(name) == nil
	}
	for i, g := range plan.Groups {
		for k, member := range g.Members {
			if name, _ := member[0].(string); gone(member) && folds[name] != "" {
				plan.Groups[i].Members[k][0] = folds[name]
			}
		}
	}
	// The places of a group's choices are those on its first member's axis.
	plan.Groups = slices.DeleteFunc(plan.Groups, func(g pruning.PlanGroup) bool {
		return len(g.Members) == 0 || gone(g.Members[0])
	})
	for i, g := range plan.Groups {
		plan.Groups[i].Members = slices.DeleteFunc(g.Members, gone)
	}
	b, err := plan.JSON()
	if err != nil {
		return err
	}
	m.SetMeta(pruning.PlanKey, string(b))
	return nil
}
