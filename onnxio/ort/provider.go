package ort

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Provider names where a session computes: "cpu", "cuda" (the first GPU) or
// "cuda:N". The zero value is the CPU.
type Provider string

// CPU is the provider that is always there.
const CPU Provider = "cpu"

// ParseProvider reads a provider as a user writes it, in any case, and returns
// its normal form.
func ParseProvider(s string) (Provider, error) {
	kind, index, indexed := strings.Cut(strings.ToLower(strings.TrimSpace(s)), ":")
	switch {
	case kind == "cpu" && !indexed, kind == "" && !indexed:
		return CPU, nil
	case kind == "cuda" && !indexed:
		return "cuda", nil
	case kind == "cuda":
		if n, err := strconv.ParseUint(index, 10, 16); err == nil {
			return Provider("cuda:" + strconv.FormatUint(n, 10)), nil
		}
	}
	return "", fmt.Errorf("parse provider %q: want cpu, cuda or cuda:N", s)
}

// CUDA returns the index of the GPU; ok is false for the CPU.
func (p Provider) CUDA() (device int, ok bool) {
	kind, index, _ := strings.Cut(string(p), ":")
	if kind != "cuda" {
		return 0, false
	}
	device, _ = strconv.Atoi(index)
	return device, true
}

// Kernels reports whether sessions of a provider have the operators in C of
// domain prunefuse (see package onnxio/ort/kernel): those of the CPU do, in a
// binary built with cgo. They come to the models that import the domain.
func Kernels(p Provider) bool {
	_, cuda := p.CUDA()
	return cgo && !cuda
}

// What dlopen, the runtime and Windows say of a library that is not there.
// The innermost library comes first: it is the one the user must install.
var missingLibraryPatterns = []*regexp.Regexp{
	regexp.MustCompile(`which depends on "([^"]+)" which is missing`),
	regexp.MustCompile(`([^\s:"']+\.so[.\d]*): cannot open shared object file`),
	regexp.MustCompile(`Library not loaded: (\S+)`),
	regexp.MustCompile(`(?i)(?:failed to load|error loading)(?: shared)?(?: library)? "?([^\s"]+\.(?:so[.\d]*|dll|dylib))`),
}

// missingLibrary returns the base name of the library that text says could not
// be loaded, or "".
func missingLibrary(text string) string {
	for _, re := range missingLibraryPatterns {
		if m := re.FindStringSubmatch(text); m != nil {
			return m[1][strings.LastIndexAny(m[1], `/\`)+1:]
		}
	}
	return ""
}

// cudaError turns the runtime's words on why CUDA cannot be used into one line
// that names what is missing. library and version are of the runtime in use.
func cudaError(p Provider, cause error, library, version string) error {
	const instead = "or use --provider cpu"
	text := oneLine(cause.Error())
	if strings.Contains(text, "not enabled in this build") || strings.Contains(text, "is not supported in this build") {
		return fmt.Errorf("use provider %s: ONNX Runtime %s at %s is built without CUDA; name a GPU build with --ort-lib, %s",
			p, version, library, instead)
	}
	switch name := missingLibrary(text); {
	case strings.Contains(name, "onnxruntime_providers"):
		return fmt.Errorf("use provider %s: %s is missing; put it beside %s, %s", p, name, library, instead)
	case name != "":
		return fmt.Errorf("use provider %s: %s is missing; install the CUDA or cuDNN release it belongs to where the system finds libraries, %s",
			p, name, instead)
	}
	return fmt.Errorf("use provider %s: %s (check the GPU and its driver, %s)", p, text, instead)
}

// oneLine joins the lines of a message of the runtime.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
