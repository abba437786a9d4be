//go:build cgo

package kernel

// #cgo CFLAGS: -O3 -Wall -Wno-psabi
// #cgo !windows LDFLAGS: -lm
// #include <stdlib.h>
// #include "level.h"
// #include "register.h"
import "C"

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"
)

// ThreadsKey is the entry of a session's configuration that tells the
// operators how many threads it has.
const ThreadsKey = C.PF_THREADS

// Ops returns the names of the operators.
func Ops() []string {
	var names []string
	for i := C.size_t(0); ; i++ {
		name := C.pf_op_name(i)
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// registering is held while the operators are added to options: the first
// time makes what the process keeps.
var registering sync.Mutex

// Register adds the operators to the options of a session. library is the
// path of the runtime as it was loaded, options an OrtSessionOptions of it.
func Register(library string, options unsafe.Pointer) error {
	registering.Lock()
	defer registering.Unlock()
	getAPIBase, err := getAPIBase(library)
	if err != nil {
		return err
	}
	api := C.pf_api(getAPIBase)
	if api == nil {
		return errors.New("its C API is older than version 24")
	}
	domain := C.CString(Domain)
	defer C.free(unsafe.Pointer(domain))
	if text := C.pf_register(api, options, domain); text != nil {
		defer C.free(unsafe.Pointer(text))
		return errors.New(C.GoString(text))
	}
	return nil
}

// levels are the instruction sets that operators are compiled for, by the
// numbers of level.h.
var levels = []string{"base", "avx2", "avx512"}

// Level returns the instruction set in use.
func Level() string { return levels[C.pf_level()] }

// LimitLevel forbids instruction sets beyond the named one, of base, avx2 and
// avx512. It is for tests, when nothing runs.
func LimitLevel(name string) error {
	i := slices.Index(levels, name)
	if i < 0 {
		return fmt.Errorf("no instruction set %q, of %v", name, levels)
	}
	C.pf_limit_level(C.int(i))
	return nil
}
