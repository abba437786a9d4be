package pruning

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// spool keeps values of all batches in files, so that memory does not grow with
// the number of samples.
type spool struct {
	dir   string
	files map[string]*spooled
	made  int
}

type spooled struct {
	f       *os.File
	end     int64
	batches []stretch
}

// stretch is where the tensor of a batch lies.
type stretch struct {
	from  int64
	elem  onnxio.Elem
	shape []int64
}

func newSpool(folder string) (*spool, error) {
	dir, err := os.MkdirTemp(folder, ".prunefuse-*")
	if err != nil {
		return nil, err
	}
	return &spool{dir: dir, files: map[string]*spooled{}}, nil
}

// put adds the tensor of the next batch to a value.
func (s *spool) put(name string, t *ort.Tensor) error {
	v := s.files[name]
	if v == nil {
		s.made++
		f, err := os.Create(filepath.Join(s.dir, strconv.Itoa(s.made)))
		if err != nil {
			return err
		}
		v = &spooled{f: f}
		s.files[name] = v
	}
	n, err := v.f.WriteAt(t.Bytes(), v.end)
	v.batches = append(v.batches, stretch{v.end, t.Elem(), t.Shape()})
	v.end += int64(n)
	return err
}

// get reads the tensor of a batch.
func (s *spool) get(name string, batch int) (*ort.Tensor, error) {
	v := s.files[name]
	if v == nil || batch >= len(v.batches) {
		return nil, fmt.Errorf("BUG: batch %d of %q was never kept", batch, name)
	}
	e := v.batches[batch]
	t, err := ort.Zeros(e.elem, e.shape...)
	if err != nil {
		return nil, err
	}
	if _, err := v.f.ReadAt(t.Bytes(), e.from); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// drop forgets a value.
func (s *spool) drop(name string) error {
	v := s.files[name]
	if v == nil {
		return nil
	}
	delete(s.files, name)
	return errors.Join(v.f.Close(), os.Remove(v.f.Name()))
}

// Close removes the files.
func (s *spool) Close() error {
	var errs []error
	for _, v := range s.files {
		errs = append(errs, v.f.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(s.dir))...)
}
