package op

import "github.com/prunefuse/prunefuse/onnxio"

// Size is what a model costs to keep and to run.
type Size struct {
	Parameters int64 `json:"parameters"`
	// MACs are the multiply-accumulates for one sample of the nodes whose cost
	// is known; nil where an input of open size leaves them unknown.
	MACs       *int64   `json:"macs"`
	Uncounted  int      `json:"uncounted_nodes,omitempty"`
	OpenInputs []string `json:"open_inputs,omitempty"`
	Bytes      int64    `json:"bytes,omitempty"` // of its files, for the caller to fill in
}

// SizeOf counts a model, with the shapes given for inputs of open size.
func SizeOf(m *onnxio.Model, shapes onnxio.InputShapes) (Size, error) {
	s, err := CountModel(m, shapes)
	if err != nil {
		return Size{}, err
	}
	return s.size(s.MACs, len(s.Uncounted)), nil
}

// SizesOf counts the MACs of two models over the nodes whose cost is known in
// both, so that they compare.
func SizesOf(a, b *onnxio.Model, shapes onnxio.InputShapes) (sizeA, sizeB Size, err error) {
	statsA, err := CountModel(a, shapes.Of(a.Graph.Inputs()))
	if err != nil {
		return sizeA, sizeB, err
	}
	statsB, err := CountModel(b, shapes.Of(b.Graph.Inputs()))
	if err != nil {
		return sizeA, sizeB, err
	}
	macsA, macsB, uncounted := MACsInBoth(statsA, statsB)
	return statsA.size(macsA, uncounted), statsB.size(macsB, uncounted), nil
}

func (s Stats) size(macs int64, uncounted int) Size {
	size := Size{Parameters: s.Parameters, Uncounted: uncounted, OpenInputs: s.Open}
	if s.MACsKnown() {
		size.MACs = &macs
	}
	return size
}
