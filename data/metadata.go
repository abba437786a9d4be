package data

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/prunefuse/prunefuse/onnxio"
)

// PreprocessKey is the metadata property in which a model keeps its
// [Preprocess], as JSON.
const PreprocessKey = "prunefuse.preprocess"

// ReadPreprocess returns the preprocessing that a model's metadata hold, the zero
// value where there is none.
func ReadPreprocess(m *onnxio.Model) (p Preprocess, err error) {
	text, ok := m.Meta(PreprocessKey)
	if !ok {
		return p, nil
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return Preprocess{}, fmt.Errorf("metadata %s: %w", PreprocessKey, err)
	}
	return p, nil
}

// Write puts the preprocessing into the metadata of a model.
func (p Preprocess) Write(m *onnxio.Model) error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("metadata %s: %w", PreprocessKey, err)
	}
	m.SetMeta(PreprocessKey, string(b))
	return nil
}

// KnowsPixels reports whether p says more than names of classes. Where it does
// not, nothing is known of how the model takes pixels.
func (p Preprocess) KnowsPixels() bool {
	return !reflect.DeepEqual(p, Preprocess{Classes: p.Classes})
}
