package pruning_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/export"
	"github.com/prunefuse/prunefuse/fusion"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/pruning"
)

// readBack does with the plan that a pruned model carries everything that can
// be done with one: dense is verified against pruned, cut anew by the plan,
// and fused with pruned in two ways. It is an error where one of them does not
// take the plan, or gives something else.
func readBack(dense, pruned *onnxio.Model, o pruning.VerifyOptions) error {
	return readBackTo(dense, pruned, o, sameBytes)
}

// readBackTo has what is cut anew compared with what was read.
func readBackTo(dense, pruned *onnxio.Model, o pruning.VerifyOptions, alike func(x, y *onnxio.Model) error) error {
	plan, err := pruning.ReadPlan(pruned)
	if err != nil {
		return err
	}
	a, sel, err := pruning.AnalyzeFor(dense, plan)
	if err != nil {
		return fmt.Errorf("read back: %w", err)
	}
	if err := same(o, func(o pruning.VerifyOptions) (*pruning.Verification, error) {
		return a.Verify(context.Background(), sel, pruned, o)
	}); err != nil {
		return fmt.Errorf("verify by plan: %w", err)
	}
	again, err := pruning.PruneByPlan(dense, plan, plan.Parent.Name)
	if err != nil {
		return fmt.Errorf("prune by plan: %w", err)
	}
	if err := alike(again.Model, pruned); err != nil {
		return fmt.Errorf("prune by plan: %w", err)
	}
	if _, err := fusion.Fuse(dense, pruned, fusion.Options{}); err != nil {
		return err
	}
	fused, err := fusion.Fuse(dense, pruned, fusion.Options{Rest: fusion.Preserve})
	var refused *fusion.RefusedError
	switch {
	case errors.As(err, &refused):
		return nil
	case err != nil:
		return fmt.Errorf("preserve: %w", err)
	}
	if err := same(o, func(o pruning.VerifyOptions) (*pruning.Verification, error) {
		return pruning.Compare(context.Background(), fused, pruned, o)
	}); err != nil {
		return fmt.Errorf("preserve: %w", err)
	}
	return nil
}

func sameBytes(x, y *onnxio.Model) error {
	want, err := y.Marshal()
	if err != nil {
		return err
	}
	got, err := x.Marshal()
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("it gives another model")
	}
	return nil
}

// same is an error where a check fails for each of three seeds: where values go
// in steps, one that lies on the edge of a step may fall to either side.
func same(o pruning.VerifyOptions, check func(pruning.VerifyOptions) (*pruning.Verification, error)) (err error) {
	for range 3 {
		v, failed := check(o)
		if failed == nil && v.Equal() {
			return nil
		}
		if err = failed; failed == nil {
			err = &export.DiffersError{Verification: v}
		}
		o.Seed++
	}
	return err
}

// exports makes a model ready for deployment, which checks it at three batches
// where its batch was freed.
func exports(m *onnxio.Model, o pruning.VerifyOptions) error {
	return same(o, func(o pruning.VerifyOptions) (*pruning.Verification, error) {
		_, rep, err := export.Model(context.Background(), m, export.Options{Session: o.Session, Seed: o.Seed})
		if err != nil {
			return nil, err
		}
		return rep.Verification, nil
	})
}

// keepsItsPlan finds the way back by the plan of a recovered model.
func keepsItsPlan(t *testing.T, dense *onnxio.Model, r *pruning.Result) {
	t.Helper()
	plan, err := pruning.ReadPlan(r.Model)
	if err != nil || len(plan.Recovered) == 0 {
		t.Fatalf("the plan names %v, %v", plan, err)
	}
	for _, name := range plan.Recovered {
		if r.Model.Graph.Initializer(name) == nil {
			t.Errorf("the plan names %q, which the model has not", name)
		}
	}
	again, err := pruning.PruneByPlan(dense, plan, "net")
	if err != nil {
		t.Fatal(err)
	}
	for i, sel := range again.Selection {
		if want := r.Selection[i]; want != nil && !slices.Equal(sel, want) {
			t.Errorf("the plan keeps %v of group %d, want %v", sel, i, want)
		}
	}
	fused, err := fusion.Fuse(dense, r.Model, fusion.Options{Rest: fusion.Preserve})
	if err != nil {
		t.Fatal(err)
	}
	if v := compareAny(t, fused, r.Model); !v.Equal() {
		t.Errorf("fused, it differs by %v", v.MaxDiff)
	}
}
