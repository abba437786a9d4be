//go:build !cgo

package kernel

import (
	"errors"
	"unsafe"
)

// Ops returns the names of the operators.
func Ops() []string { return nil }

// Register fails.
func Register(string, unsafe.Pointer) error {
	return errors.New("this binary was built without cgo")
}
