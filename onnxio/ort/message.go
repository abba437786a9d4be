package ort

import (
	"fmt"
	"regexp"
)

// sourceLine matches where in the runtime's own sources a message comes from: a
// path, a line and a function's signature.
var sourceLine = regexp.MustCompile(`(?:[A-Za-z]:)?[/\\][^ ]*\.(?:cc|h|cpp|hpp|cu):\d+ (?:[A-Za-z_][\w:<>~*& ]*\((?:[^()]|\([^()]*\))*\)(?: const)?(?: \[with [^\]]*\])? )?`)

// What the runtime says of models that are newer than it is.
var (
	newerIR    = regexp.MustCompile(`^Unsupported model IR version: (\d+), max supported IR version: (\d+)`)
	newerOpset = regexp.MustCompile(`^ONNX Runtime only \*guarantees\* .* Opset (\d+) is under development .* for domain (\S+) is till opset (\d+)`)
)

// plainMessage returns a message of the runtime without places in its own sources,
// and in few words where it is of the age of a model.
func plainMessage(text string) string {
	text = sourceLine.ReplaceAllString(text, "")
	if m := newerIR.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("the model's IR version %s is newer than %s, the newest that this ONNX Runtime reads; save it with an older one, or use a newer ONNX Runtime", m[1], m[2])
	}
	if m := newerOpset.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("opset %s of domain %s is newer than %s, the newest that this ONNX Runtime knows; export the model with an older one, or use a newer ONNX Runtime", m[1], m[2], m[3])
	}
	return text
}
