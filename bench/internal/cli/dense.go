package cli

import (
	"fmt"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/rewrite"
)

// Dense loads the network that a benchmark begins with, at whatever batch it is fed.
func Dense(path string) (*onnxio.Model, error) {
	m, err := onnxio.Load(path)
	if err != nil {
		return nil, err
	}
	if m, _, err = rewrite.FreeBatch(m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}
