//go:build cgo

package ort

import (
	"testing"

	ortgo "github.com/yalue/onnxruntime_go"
)

func TestNativePointerRefusesOtherLayouts(t *testing.T) {
	t.Parallel()
	type options struct{}
	type OrtSessionOptions struct{}
	for name, v := range map[string]any{
		"nothing in it":   &options{},
		"no pointer":      &struct{ o uintptr }{1},
		"another pointer": &struct{ o *options }{&options{}},
		"two fields": &struct {
			a int
			o *OrtSessionOptions
		}{1, &OrtSessionOptions{}},
		"destroyed": &ortgo.SessionOptions{},
		"nil":       (*ortgo.SessionOptions)(nil),
	} {
		if p, err := nativePointer(v); err == nil {
			t.Errorf("%s: %v, want an error", name, p)
		}
	}
	want := &OrtSessionOptions{}
	if p, err := nativePointer(&struct{ o *OrtSessionOptions }{want}); err != nil || (*OrtSessionOptions)(p) != want {
		t.Errorf("%v, %v, want the pointer", p, err)
	}
}
