// Package orttest lets tests ask for ONNX Runtime.
package orttest

import (
	"context"
	"os"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// EnvRequire set to 1 makes a test that finds no runtime fail instead of
// skipping, so that a CI run cannot pass by testing nothing.
const EnvRequire = "PRUNEFUSE_REQUIRE_ORT"

// Need loads the runtime, getting it the first time, or skips the test with
// the reason.
func Need(t testing.TB) {
	t.Helper()
	err := ort.Init(context.Background(), ort.Options{Progress: os.Stderr})
	switch {
	case err == nil:
	case os.Getenv(EnvRequire) == "1":
		t.Fatalf("%s=1: %v", EnvRequire, err)
	default:
		t.Skip(err)
	}
}
