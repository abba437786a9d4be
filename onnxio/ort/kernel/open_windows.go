//go:build cgo

package kernel

import (
	"syscall"
	"unsafe"
)

// getAPIBase returns the address of the runtime's entry function. Opening a
// library that is loaded gives the same one.
func getAPIBase(library string) (unsafe.Pointer, error) {
	handle, err := syscall.LoadLibrary(library)
	if err != nil {
		return nil, err
	}
	defer syscall.FreeLibrary(handle)
	f, err := syscall.GetProcAddress(handle, "OrtGetApiBase")
	if err != nil {
		return nil, err
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&f)), nil
}
