//go:build cgo && !windows

package kernel

// #cgo linux LDFLAGS: -ldl
// #include <dlfcn.h>
// #include <stdlib.h>
import "C"

import (
	"errors"
	"unsafe"
)

// getAPIBase returns the address of the runtime's entry function. Opening a
// library that is loaded gives the same one.
func getAPIBase(library string) (unsafe.Pointer, error) {
	path, name := C.CString(library), C.CString("OrtGetApiBase")
	defer C.free(unsafe.Pointer(path))
	defer C.free(unsafe.Pointer(name))
	handle := C.dlopen(path, C.RTLD_LAZY)
	if handle == nil {
		return nil, errors.New(C.GoString(C.dlerror()))
	}
	defer C.dlclose(handle)
	f := C.dlsym(handle, name)
	if f == nil {
		return nil, errors.New(C.GoString(C.dlerror()))
	}
	return f, nil
}
