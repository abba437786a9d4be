// Package nomovinggc lets gorgonia start on Go releases newer than itself.
//
// Gorgonia's tensors take addresses of Go memory and therefore import a
// guard, go4.org/unsafe/assume-no-moving-gc, that stops the program on any
// release it was not tested with unless an environment variable names it. No
// Go release moves heap objects. Packages without dependencies between them
// start in the order of their import paths, so this one, being before go4.org,
// sets the variable in time.
package nomovinggc

import (
	"os"
	"runtime"
	"strings"
)

func init() {
	parts := strings.SplitN(runtime.Version(), ".", 3)
	release := strings.Join(parts[:min(2, len(parts))], ".")
	if err := os.Setenv("ASSUME_NO_MOVING_GC_UNSAFE_RISK_IT_WITH", release); err != nil {
		panic(err)
	}
}
