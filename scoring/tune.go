package scoring

import (
	"runtime"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// lanes chooses the number of runs at a time, and gives each its threads.
func lanes(o *ModelOptions) int {
	if o.Session.Threads == 0 {
		o.Session.Threads = runtime.GOMAXPROCS(0)
	}
	n := o.Lanes
	if _, gpu := o.Session.Provider.CUDA(); n == 0 && gpu {
		n = 1
	} else if n == 0 {
		n = o.Session.Threads
	}
	o.Session.Threads = max(1, o.Session.Threads/n)
	return n
}

// On a CPU the widest value of a batch should stay in the cache of a core from
// one operator to the next. Weights that do not are read anew for every batch, so
// that its values are to be at least this many times as large, as far as batches
// of some samples make them so. A GPU is to have enough to do.
const (
	cacheShare  = 512 << 10 // bytes of the widest value
	gpuShare    = 256 << 20 // the same
	weightShare = 4
	forWeights  = 16 // samples
	largestAuto = 128
)

// preferredBatch returns the number of samples that suits a model. It depends on that
// and not on the machine, so that a pool is cut into the same batches wherever it
// is scored.
func preferredBatch(m *onnxio.Model, sample []int, p ort.Provider) int {
	widest, all := footprint(m, sample)
	if widest == 0 {
		return largestAuto
	}
	if _, gpu := p.CUDA(); gpu {
		return max(1, min(largestAuto, gpuShare/widest))
	}
	var weights int64
	for _, t := range m.Graph.Initializers() {
		weights += t.Len() * 4
	}
	return max(1, min(largestAuto, cacheShare/widest), min(forWeights, int(weightShare*weights/int64(all))))
}

// footprint returns the most bytes that one sample has in a value of the graph, and
// those it has in all of them together; 0 where no shape is known.
func footprint(m *onnxio.Model, sample []int) (widest, all int) {
	shape := onnxio.Shape{onnxio.Known(1)}
	for _, d := range sample {
		shape = append(shape, onnxio.Known(int64(d)))
	}
	in := m.Graph.Inputs()[0]
	if n, ok := in.Type.Shape[0].Value(); ok {
		shape[0] = onnxio.Known(n)
	}
	batch, _ := shape[0].Value()
	f, err := op.InferGraph(m, op.InferOptions{Inputs: map[string]onnxio.Shape{in.Name: shape}})
	if err != nil {
		return 0, 0 // the runtime may know better what the model computes
	}
	for _, n := range m.Graph.Nodes() {
		for _, name := range n.Outputs() {
			bytes, known := 4, true
			for _, d := range f.Types[name].Shape {
				extent, ok := d.Value()
				bytes, known = bytes*int(extent), known && ok
			}
			if known {
				widest = max(widest, bytes/int(batch))
				all += bytes / int(batch)
			}
		}
	}
	return widest, all
}
