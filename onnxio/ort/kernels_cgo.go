//go:build cgo

package ort

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	ortgo "github.com/yalue/onnxruntime_go"

	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

// addKernels offers our own operators to a session's model.
func addKernels(l *library, o *ortgo.SessionOptions, threads int) error {
	if err := o.AddSessionConfigEntry(kernel.ThreadsKey, strconv.Itoa(threads)); err != nil {
		return err
	}
	options, err := nativePointer(o)
	if err == nil {
		err = kernel.Register(l.path, options)
	}
	if err != nil {
		return fmt.Errorf("add the operators of domain %s: %w", kernel.Domain, err)
	}
	return nil
}

// nativePointer returns the runtime's object behind the binding's session
// options. The binding does not hand it out, but holds nothing else.
func nativePointer(options any) (unsafe.Pointer, error) {
	v := reflect.Indirect(reflect.ValueOf(options))
	if v.Kind() == reflect.Struct && v.NumField() == 1 {
		if p := v.Field(0); p.Kind() == reflect.Pointer && !p.IsNil() && strings.HasSuffix(p.Type().Elem().Name(), "OrtSessionOptions") {
			return p.UnsafePointer(), nil
		}
	}
	return nil, fmt.Errorf("%T of the runtime's binding is not laid out as that of onnxruntime_go v1.27.0", options)
}
