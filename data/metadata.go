package data

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/prunefuse/prunefuse/internal/spelling"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
)

// PreprocessKey is the metadata property in which a model keeps its
// [Preprocess], as JSON.
const PreprocessKey = "prunefuse.preprocess"

// ReadPreprocess returns the preprocessing that a model's metadata hold, the zero
// value where there is none. Names of classes that they lack may stand in the model's
// nodes, as scikit-learn's converter writes them ([head.Names]).
func ReadPreprocess(m *onnxio.Model) (p Preprocess, err error) {
	if text, ok := m.Meta(PreprocessKey); ok {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			return Preprocess{}, fmt.Errorf("metadata %s: %w", PreprocessKey, err)
		}
	}
	if len(p.Classes) == 0 {
		p.Classes = head.Names(m)
	}
	for i, name := range p.Classes {
		p.Classes[i] = spelling.Composed(name)
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
