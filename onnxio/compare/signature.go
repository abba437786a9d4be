package compare

import (
	"fmt"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
)

// signatures says how the declared inputs and outputs of two models differ; ""
// where y takes and gives all that x does. An extent that x fixes may be open
// in y.
func signatures(x, y *onnxio.Model) string {
	if s := values("input", x.Graph.Inputs(), y.Graph.Inputs()); s != "" {
		return s
	}
	return values("output", x.Graph.Outputs(), y.Graph.Outputs())
}

func values(kind string, x, y []onnxio.Value) string {
	for _, pair := range [][2][]onnxio.Value{{x, y}, {y, x}} {
		for _, v := range pair[0] {
			if !slices.ContainsFunc(pair[1], func(w onnxio.Value) bool { return w.Name == v.Name }) {
				return fmt.Sprintf("the models differ in their %ss: %q is only in one", kind, v.Name)
			}
		}
	}
	if len(x) != len(y) {
		return fmt.Sprintf("the models differ in their %ss: %d against %d", kind, len(x), len(y))
	}
	for i, v := range x {
		w := y[i]
		if w.Name != v.Name {
			return fmt.Sprintf("the models differ in the order of their %ss: %q stands where the other has %q", kind, v.Name, w.Name)
		}
		if v.Type.Elem != w.Type.Elem {
			return fmt.Sprintf("%s %q is %v in one and %v in the other", kind, v.Name, v.Type.Elem, w.Type.Elem)
		}
		if v.Type.Shape != nil && w.Type.Shape != nil && !covers(kind, v.Type.Shape, w.Type.Shape) {
			return fmt.Sprintf("%s %q is %v in one and %v in the other", kind, v.Name, v.Type, w.Type)
		}
	}
	return ""
}

// covers reports whether a value of shape y can be whatever one of shape x
// can. An output that leaves open what x states is no hindrance: its extents
// show when it is run.
func covers(kind string, x, y onnxio.Shape) bool {
	if len(x) != len(y) {
		return false
	}
	for k, d := range x {
		switch {
		case d.IsKnown() && y[k].IsKnown() && d != y[k]:
			return false
		case kind == "input" && !d.IsKnown() && y[k].IsKnown():
			return false
		}
	}
	return true
}
