package op_test

import (
	"testing"

	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

func TestNativeIsTheKernelsDomain(t *testing.T) {
	t.Parallel()
	if op.Native != kernel.Domain {
		t.Errorf("rules write operators of %q, the kernels are in %q", op.Native, kernel.Domain)
	}
}
