//go:build !cgo

package ort

import (
	"context"

	"github.com/prunefuse/prunefuse/onnxio"
)

const cgo = false

func loadLibrary(string) (string, error) { return "", errNoCgo }
func probeCUDA(*library, Provider) error { return errNoCgo }

type nativeTensor struct{}

func bind[T Element](onnxio.Elem, []int64, []T) (*nativeTensor, error) { return nil, errNoCgo }

func (*nativeTensor) release() {}

type nativeSession struct{}

func newNativeSession(*library, []byte, string, []IO, []IO, SessionOptions) (*nativeSession, error) {
	return nil, errNoCgo
}

func (*nativeSession) run(context.Context, []*Tensor, []*Tensor) error { return errNoCgo }
func (*nativeSession) close() error                                    { return nil }
