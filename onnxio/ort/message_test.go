package ort

import "testing"

// TestPlainMessage: what the runtime says is passed on without the place in its
// own sources.
func TestPlainMessage(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`/shared/onnxruntime/core/graph/model.cc:192 onnxruntime::Model::Model(onnx::ModelProto&&, const PathString&, const X*) Unsupported model IR version: 14`: "Unsupported model IR version: 14",
		"Unsupported model IR version: 14, max supported IR version: 13":                                                                                          "the model's IR version 14 is newer than 13, the newest that this ONNX Runtime reads; save it with an older one, or use a newer ONNX Runtime",
		"ONNX Runtime only *guarantees* support for models stamped with official released onnx opset versions. Opset 99 is under development and support for this is limited. The operator schemas may change. Current official support for domain ai.onnx is till opset 26.": "opset 99 of domain ai.onnx is newer than 26, the newest that this ONNX Runtime knows; export the model with an older one, or use a newer ONNX Runtime",
		`Load failed: /a/b.h:7 static onnxruntime::common::Status a::B<int>::C(int, const D&) const bad`: "Load failed: bad",
		`C:\a\onnxruntime\core\x.cc:40 a::B::C() bad`:                                                    "bad",
		`Got invalid dimensions for input: x of /models/y.onnx`:                                          `Got invalid dimensions for input: x of /models/y.onnx`,
	} {
		if got := plainMessage(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
