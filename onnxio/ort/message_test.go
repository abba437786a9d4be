package ort

import "testing"

// TestSourceless: what the runtime says is passed on without the place in its
// own sources.
func TestSourceless(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`/shared/onnxruntime/core/graph/model.cc:192 onnxruntime::Model::Model(onnx::ModelProto&&, const PathString&, const X*) Unsupported model IR version: 14`: "Unsupported model IR version: 14",
		`Load failed: /a/b.h:7 static onnxruntime::common::Status a::B<int>::C(int, const D&) const bad`:                                                          "Load failed: bad",
		`C:\a\onnxruntime\core\x.cc:40 a::B::C() bad`:           "bad",
		`Got invalid dimensions for input: x of /models/y.onnx`: `Got invalid dimensions for input: x of /models/y.onnx`,
	} {
		if got := sourceless(in); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
