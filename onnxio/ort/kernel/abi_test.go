package kernel_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// abi asserts at compile time that ort_abi.h is the header of the runtime.
const abi = `
#include "onnxruntime_c_api.h"
#include "ort_abi.h"
_Static_assert(PF_ORT_API_VERSION == ORT_API_VERSION, "version");
#define SAME(index, result, name, arguments) _Static_assert(offsetof(OrtApi, name) == (index) * sizeof(void *), #name);
PF_ORT_ENTRIES(SAME)
#define FIELD(name) _Static_assert(offsetof(pf_ort_custom_op, name) == offsetof(struct OrtCustomOp, name), #name);
FIELD(version) FIELD(GetName) FIELD(GetExecutionProviderType) FIELD(GetInputType) FIELD(GetInputTypeCount)
FIELD(GetOutputType) FIELD(GetOutputTypeCount) FIELD(KernelDestroy) FIELD(GetInputCharacteristic)
FIELD(GetOutputCharacteristic) FIELD(GetInputMemoryType) FIELD(GetVariadicInputMinArity)
FIELD(GetVariadicInputHomogeneity) FIELD(GetVariadicOutputMinArity) FIELD(GetVariadicOutputHomogeneity)
FIELD(CreateKernelV2) FIELD(KernelComputeV2) FIELD(InferOutputShapeFn) FIELD(GetStartVersion) FIELD(GetEndVersion)
FIELD(GetMayInplace) FIELD(ReleaseMayInplace) FIELD(GetAliasMap) FIELD(ReleaseAliasMap)
_Static_assert(sizeof(pf_ort_custom_op) == sizeof(struct OrtCustomOp), "size");
_Static_assert(PF_ORT_FAIL == ORT_FAIL && PF_ORT_FLOAT == ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, "codes");
_Static_assert(PF_ORT_REQUIRED == INPUT_OUTPUT_REQUIRED && PF_ORT_OPTIONAL == INPUT_OUTPUT_OPTIONAL, "kinds");
_Static_assert(PF_ORT_DEFAULT_MEMORY == OrtMemTypeDefault, "memory");
`

func TestABI(t *testing.T) {
	t.Parallel()
	compiler := strings.Fields(goTool(t, "env", "CC"))
	header := goTool(t, "list", "-m", "-f", "{{.Dir}}", "github.com/yalue/onnxruntime_go")
	source := filepath.Join(t.TempDir(), "abi.c")
	if err := os.WriteFile(source, []byte(abi), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append(compiler[1:], "-fsyntax-only", "-I", header, "-I", ".", source)
	if out, err := exec.Command(compiler[0], args...).CombinedOutput(); err != nil {
		t.Errorf("ort_abi.h differs from the runtime's header: %v\n%s", err, out)
	}
}

func goTool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Skipf("go %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}
