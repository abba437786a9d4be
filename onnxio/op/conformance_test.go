package op_test

import (
	"slices"
	"testing"

	"github.com/prunefuse/prunefuse/internal/optest"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

func TestConformance(t *testing.T) { optest.Check(t, op.Table()) }

func TestTable(t *testing.T) {
	t.Parallel()
	var before string
	for _, d := range op.Table() {
		name := d.Domain + " " + d.Type
		if name <= before {
			t.Errorf("%s comes after %s", d.Type, before)
		}
		before = name
		if d.Shape == nil || d.Axes == nil || d.Grad == nil || d.Cost == nil {
			t.Errorf("%s: a facet is nil; say NoGrad, Opaque or free", d.Type)
		}
		if len(d.Since) == 0 || !slices.IsSorted(d.Since) || len(slices.Compact(slices.Clone(d.Since))) != len(d.Since) {
			t.Errorf("%s: since %v is not ascending", d.Type, d.Since)
		}
		if len(d.Cases) == 0 {
			t.Errorf("%s: no cases", d.Type)
		}
		names := map[string]bool{}
		for _, c := range d.Cases {
			if c.Name == "" || names[c.Name] {
				t.Errorf("%s: case name %q is empty or used twice", d.Type, c.Name)
			}
			names[c.Name] = true
			if c.Version() < d.Since[0] || c.Version() < op.MinOpset {
				t.Errorf("%s/%s: opset %d is before the operator", d.Type, c.Name, c.Version())
			}
		}
	}
}
