package ort

import (
	"testing"
)

func FuzzSignature(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x3a\x09\x5a\x07\x0a\x01x\x12\x02\x0a\x00"))
	f.Fuzz(func(t *testing.T, model []byte) {
		ins, outs, err := signature(model)
		if err != nil && (ins != nil || outs != nil) {
			t.Errorf("values beside the error %v", err)
		}
	})
}
