// Package secondreader holds the tests that read our files with another
// implementation of ONNX in Go, github.com/owulveryck/onnx-go with its
// gorgonia backend. It has no code of its own, so that nothing but its tests
// depends on that module.
package secondreader
