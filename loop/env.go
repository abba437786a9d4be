package loop

import (
	"os"
	"path"
	"path/filepath"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/training"
)

// Env is what a step works with.
type Env struct {
	*workbench
	arm    string
	spec   Spec
	shared State // of the first arm
}

// workbench is what all arms have in common.
type workbench struct {
	options    Options
	folder     folder
	pool, test data.Set
	classes    int // of pool and test together
	pre        data.Preprocess
	dense      *onnxio.Model     // untrained, with its preprocessing
	teacher    *training.Teacher // a file, nil where none teaches
	oracle     Oracle            // nil where people label by files
	log        *labelLog         // of these, nil where nobody does
}

func (b *workbench) session() ort.SessionOptions { return b.options.Session }

// note tells what a user has to know of the samples.
func (b *workbench) note(n data.Note) {
	if b.options.Note != nil {
		b.options.Note(n)
	}
}

func (b *workbench) normalize() training.Normalize {
	return training.Normalize{Mean: b.pre.Mean, Std: b.pre.Std}
}

// file names a file of the arm in the run folder: that of the method is at the
// top, those of the others below arms.
func (e Env) file(names ...string) string {
	if e.spec.Shares == Nothing {
		return path.Join(names...)
	}
	return path.Join(append([]string{armsFolder, e.arm}, names...)...)
}

// work names a file that is of no use once its step, or the one after it, is
// done.
func (e Env) work(name string) string { return path.Join(workFolder, e.arm, name) }

// sweep removes what an arm left in its working folder and its state does not
// name.
func (b *workbench) sweep(arm string, s State) error {
	dir := b.folder.path(path.Join(workFolder, arm))
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	kept := false
	for _, entry := range entries {
		if s.needs(path.Join(workFolder, arm, entry.Name())) {
			kept = true
		} else if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	if !kept {
		_ = os.Remove(dir)
		_ = os.Remove(b.folder.path(workFolder)) // fails while another arm has files there
	}
	return nil
}

// labels reads the labelled samples: their indices in the pool, in the order
// of labelling, and their classes.
func (b *workbench) labels(s State) (indices, classes []int, err error) {
	for _, batch := range s.Labels {
		for line, err := range readLabels(b.folder, batch) {
			if err != nil {
				return nil, nil, err
			}
			if !line.Skipped {
				indices, classes = append(indices, line.Index), append(classes, line.Label)
			}
		}
	}
	return indices, classes, nil
}

// settled reads the samples that are not to be chosen: the labelled ones, and
// those that cannot be labelled.
func (b *workbench) settled(s State) (indices []int, err error) {
	for _, batch := range s.Labels {
		for line, err := range readLabels(b.folder, batch) {
			if err != nil {
				return nil, err
			}
			indices = append(indices, line.Index)
		}
	}
	return indices, nil
}

// labelledSet is the labelled samples with their labels.
func (b *workbench) labelledSet(s State) (*data.Prepared, error) {
	indices, classes, err := b.labels(s)
	if err != nil {
		return nil, err
	}
	set, err := data.WithLabels(data.Subset(b.pool, indices), classes, b.pool.Classes())
	if err != nil {
		return nil, err
	}
	return data.Prepare(set, data.Preprocess{})
}
