package ort

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/prunefuse/prunefuse/onnxio"
)

// SessionOf makes a session of a model. One that is too large for a file is
// handed over with its weights in a second, in a folder that is made in
// opts.Scratch. It is gone when SessionOf returns, or, where the system keeps
// files that are in use, when the session is closed. The writing stops when ctx
// ends.
func SessionOf(ctx context.Context, m *onnxio.Model, opts SessionOptions) (*Session, error) {
	b, err := m.Marshal()
	if errors.Is(err, onnxio.ErrTooLarge) {
		return throughFiles(ctx, m, opts)
	}
	if err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	s, err := NewSession(b, opts)
	if err != nil && strings.Contains(err.Error(), wantsPath) {
		return throughFiles(ctx, m, opts)
	}
	return s, err
}

// wantsPath is in what ONNX Runtime 1.28 says when it optimises a branch that reads a
// weight of the graph around it, of a model that comes from memory.
const wantsPath = "model_path must not be empty"

func throughFiles(ctx context.Context, m *onnxio.Model, opts SessionOptions) (s *Session, err error) {
	dir, err := os.MkdirTemp(opts.Scratch, ".prunefuse-*")
	if err != nil {
		return nil, fmt.Errorf("create session: make a folder for the model: %w", err)
	}
	defer func() {
		if os.RemoveAll(dir) != nil && s != nil {
			s.scratch = dir
		}
	}()
	path := filepath.Join(dir, "model.onnx")
	_, err = m.Write(path, onnxio.SaveOptions{External: true}, func(path string, write func(io.Writer) error) error {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		return errors.Join(write(stoppable{ctx, f}), f.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	head, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	if s, err = newSession(head, path, opts); err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	return s, nil
}

// stoppable is a writer that fails once a context has ended.
type stoppable struct {
	ctx context.Context
	w   io.Writer
}

func (s stoppable) Write(b []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.w.Write(b)
}

// Loads is an error where there is a runtime that refuses a model. One that only lacks
// an operator's kernel for a type, which another runtime may have, does not refuse it.
func Loads(ctx context.Context, m *onnxio.Model, o SessionOptions) error {
	s, err := SessionOf(ctx, m, o)
	switch {
	case errors.Is(err, ErrNoRuntime):
		return nil
	case err != nil && strings.Contains(err.Error(), lacksKernel): // nothing is wrong with the model
		return nil
	case err != nil:
		return fmt.Errorf("the runtime cannot load it: %w", err)
	}
	return s.Close()
}

// lacksKernel is in what ONNX Runtime says of a sound model that it cannot run.
const lacksKernel = "Could not find an implementation for"
