package ort

import (
	"errors"
	"strings"
	"testing"
)

func TestParseProvider(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Provider{
		"": "cpu", "cpu": "cpu", "CPU": "cpu", "cuda": "cuda", " Cuda:1 ": "cuda:1", "cuda:0": "cuda:0", "cuda:007": "cuda:7",
	} {
		if got, err := ParseProvider(in); err != nil || got != want {
			t.Errorf("ParseProvider(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
	for _, in := range []string{"gpu", "cpu:0", "cuda:", "cuda:-1", "cuda:x", "cuda:70000", ":1", "cuda:1:2"} {
		if got, err := ParseProvider(in); err == nil || !strings.Contains(err.Error(), "cuda:N") {
			t.Errorf("ParseProvider(%q) = %q, %v, want an error that says what is right", in, got, err)
		}
	}
}

func TestProviderCUDA(t *testing.T) {
	t.Parallel()
	for p, want := range map[Provider]int{"": -1, "cpu": -1, "cuda": 0, "cuda:0": 0, "cuda:3": 3} {
		device, ok := p.CUDA()
		if !ok {
			device = -1
		}
		if device != want {
			t.Errorf("%q.CUDA() = %d, want %d", p, device, want)
		}
	}
}

// The words are the runtime's, the loader's and Windows' own.
func TestCUDAErrorNamesTheLibrary(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"CUDA execution provider is not enabled in this build.", "ONNX Runtime 1.28.2 at /l/libonnxruntime.so is built without CUDA"},
		{"/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2251 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() " +
			"[ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_cuda.so with error: " +
			"libcublasLt.so.13: cannot open shared object file: No such file or directory\n", "libcublasLt.so.13 is missing; install"},
		{"Failed to load library libonnxruntime_providers_cuda.so with error: /l/libonnxruntime_providers_cuda.so: cannot open shared object file: " +
			"No such file or directory", "libonnxruntime_providers_cuda.so is missing; put it beside /l/libonnxruntime.so"},
		{"Failed to load library libonnxruntime_providers_shared.so with error: libonnxruntime_providers_shared.so: cannot open shared object file", "libonnxruntime_providers_shared.so is missing; put it beside"},
		{`LoadLibrary failed with error 126 "" when trying to load "C:\ort\onnxruntime_providers_cuda.dll" which depends on "cudnn64_9.dll" which is missing.`, "cudnn64_9.dll is missing; install"},
		{"Error loading \"C:\\ort\\onnxruntime_providers_cuda.dll\" with 126", "onnxruntime_providers_cuda.dll is missing; put it beside"},
		{"CUDA failure 100: no CUDA-capable device\nis detected", "no CUDA-capable device is detected"},
	} {
		err := cudaError("cuda:1", errors.New(c.text), "/l/libonnxruntime.so", "1.28.2")
		if got := err.Error(); !strings.Contains(got, c.want) || !strings.HasPrefix(got, "use provider cuda:1: ") ||
			!strings.Contains(got, "or use --provider cpu") || strings.Contains(got, "\n") {
			t.Errorf("%q\ngave  %s\nwhich lacks %s", c.text, got, c.want)
		}
	}
}
