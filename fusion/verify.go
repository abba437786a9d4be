package fusion

import (
	"bytes"
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
)

// DiffersError says that a fused model does not hold a pruned one.
type DiffersError struct {
	Weight string
	Reason string
}

func (e *DiffersError) Error() string {
	return fmt.Sprintf("weight %q: %s", e.Weight, e.Reason)
}

// Verify reads the pruned model's weights back out of the fused one, by the
// plan that the pruned model carries, and compares them bit for bit. The
// first difference is a *DiffersError.
func Verify(fused, pruned *onnxio.Model) error {
	plan, err := planOf(pruned)
	if err != nil {
		return err
	}
	for _, want := range pruned.Graph.Initializers() {
		e, cut := plan.Initializers[want.Name()]
		got := fused.Graph.Initializer(want.Name())
		if got == nil {
			got, _ = fused.Graph.Constant(e.Source(want.Name()))
		}
		if got == nil {
			return &DiffersError{want.Name(), "the fused model has none of that name"}
		}
		if cut {
			if !got.Shape().Equal(onnxio.ShapeOf(e.Shape...)) {
				return &DiffersError{want.Name(), fmt.Sprintf("fused shape %v, the plan's parent had %v", got.Shape(), e.Shape)}
			}
			for k := range e.Shape {
				if got, err = got.Take(k, e.Axis(k)); err != nil {
					return err
				}
			}
		}
		a, err := got.Bytes()
		if err != nil {
			return err
		}
		b, err := want.Bytes()
		if err != nil {
			return err
		}
		if !got.Shape().Equal(want.Shape()) || !bytes.Equal(a, b) {
			return &DiffersError{want.Name(), "the fused model's values at the kept indices are not the pruned model's"}
		}
	}
	return nil
}
