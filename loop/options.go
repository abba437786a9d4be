package loop

import (
	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// The files that a run leaves in its folder, beside a folder for each round and
// one for the arms that the method is compared with.
const (
	DenseFile     = "dense.onnx"      // untrained
	SelectorFile  = "selector.onnx"   // pruned and trained on all labels
	FusedInitFile = "fused-init.onnx" // fused, before it is trained
	FusedFile     = "fused.onnx"      // fused and trained
	DeployFile    = "deploy.onnx"     // exported
	TrainedFile   = "trained.onnx"    // of arms that fuse nothing: the full network, trained
	ProxyFile     = "proxy.onnx"      // untrained
)

const (
	armsFolder    = "arms"
	workFolder    = "work"
	firstFolder   = "first" // of the first labels
	untrainedFile = "untrained.onnx"
	parentFile    = "parent.onnx" // the trained full network, after a synchronisation
	selectedFile  = "selected.jsonl"
	labelsFile    = "labels.jsonl"
	picturesFile  = "pictures.json" // what the report shows of a choice
)

// Options say where a run goes and how it computes.
type Options struct {
	// Dir is the run folder. An interrupted run of the same configuration that
	// is in it is gone on with.
	Dir string
	// Force replaces a run that is in the folder.
	Force bool
	// Resume makes nothing of a run that is finished already, which is an
	// error otherwise.
	Resume bool
	// Oracle knows the labels; nil is those of the pool.
	Oracle Oracle
	// Command is recorded as what started the run.
	Command  []string
	Session  ort.SessionOptions
	Progress func(Progress) // may be nil
	// Note is told what the data were taken for, and what was passed over; it
	// may be nil.
	Note func(data.Note)
}
