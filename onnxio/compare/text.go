package compare

import (
	"fmt"
	"strings"
)

// Text tells in a line how far the outputs are apart, on which inputs, and what
// was not compared.
func (r *Result) Text() string {
	s := fmt.Sprintf("greatest difference %.2g on %d random inputs (tolerance %.2g)", r.MaxDiff, r.Inputs, r.Tolerance)
	if r.Drawn != "" {
		s += ", drawn " + r.Drawn
	}
	if len(r.Unseen) > 0 {
		s += "; not compared: " + strings.Join(r.Unseen, ", ")
	}
	return s
}

// MaskedText is Text for a pruned model beside its original with the removed
// channels silenced: it adds where the comparison needed more than that.
func (r *Result) MaskedText() string {
	s := r.Text()
	if len(r.Mixed) > 0 {
		s += fmt.Sprintf("; compared without the removed indices at %d nodes that mix values along them, such as %s", len(r.Mixed), r.Mixed[0])
	}
	if len(r.Behind) > 0 {
		s += fmt.Sprintf("; %s hang on a choice, so what it is made of was compared", strings.Join(r.Behind, ", "))
	}
	return s
}
