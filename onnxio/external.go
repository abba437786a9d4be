package onnxio

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// external is where a tensor's bytes lie outside the model file: a range of
// a file in the model's folder.
type external struct {
	dir      string
	home     string // where a link to the model file leads; "" where it is none
	location string
	offset   int64
	length   int64       // -1: as many bytes as the tensor needs
	was      os.FileInfo // the file when the model was loaded, nil when there was none
}

// newExternal reads the external_data entries of t. A location that leaves
// dir is refused, as the specification requires.
func newExternal(dir string, t *onnxpb.TensorProto) (*external, error) {
	e := &external{dir: dir, length: -1}
	for _, kv := range t.GetExternalData() {
		switch key, value := kv.GetKey(), kv.GetValue(); key {
		case "location":
			e.location = filepath.FromSlash(value)
		case "offset", "length":
			n, err := strconv.ParseUint(value, 10, 63)
			if err != nil {
				return nil, fmt.Errorf("tensor %q: external %s %q is not a byte count", t.GetName(), key, value)
			}
			if key == "offset" {
				e.offset = int64(n)
			} else {
				e.length = int64(n)
			}
		}
	}
	switch {
	case e.location == "":
		return nil, fmt.Errorf("tensor %q: external data names no location", t.GetName())
	case !filepath.IsLocal(e.location):
		return nil, fmt.Errorf("tensor %q: external data at %q lies outside the model's folder; refused", t.GetName(), e.location)
	}
	if info, err := os.Stat(filepath.Join(dir, e.location)); err == nil {
		e.was = info
	}
	return e, nil
}

// place returns the folder that the file is opened in and its name there: the
// model's own, or the one that the user's link to the model leads to.
func (e *external) place() (dir, name string) {
	if e.home != "" {
		real, err := filepath.EvalSymlinks(filepath.Join(e.dir, e.location))
		if err == nil {
			if name, err := filepath.Rel(e.home, real); err == nil && filepath.IsLocal(name) {
				return e.home, name
			}
		}
	}
	return e.dir, e.location
}

// open reads the tensor's bytes. A symbolic link that leads out of the folder
// is refused too, which os.Root sees to, but where it leads to the folder that
// a link to the model itself does. So is a file replaced since the model
// was loaded, as saving over it does: the offsets are of the old one.
func (e *external) open(want int64) (reader, error) {
	if e.length >= 0 && e.length != want {
		return nil, fmt.Errorf("external data %s holds %d bytes, want %d", e.location, e.length, want)
	}
	dir, name := e.place()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := root.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("open external data %s: %w", e.location, pathless(err))
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("external data %s is not a file", e.location)
	case e.was != nil && !(os.SameFile(info, e.was) && info.ModTime().Equal(e.was.ModTime())):
		return nil, fmt.Errorf("external data %s was replaced since the model was loaded; load it again", e.location)
	case info.Size()-e.offset < want:
		return nil, fmt.Errorf("external data %s ends at byte %d, want %d from %d", e.location, info.Size(), want, e.offset)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open external data %s: %w", e.location, pathless(err))
	}
	return externalFile{f, e}, nil
}

// externalFile is the stretch of an open file that an external names.
type externalFile struct {
	*os.File
	*external
}

func (f externalFile) ReadAt(b []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(b, f.offset+off)
	if err != nil {
		err = fmt.Errorf("read external data %s: %w", f.location, pathless(err))
	}
	return n, err
}

// DataFiles returns the paths of the files beside the model that hold bytes of
// its tensors, sorted.
func (m *Model) DataFiles() []string {
	paths := map[string]bool{}
	for _, t := range m.Graph.inits {
		if e, ok := t.src.(*external); ok {
			paths[filepath.Join(e.dir, e.location)] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// externalAlign is the alignment of each tensor in an external file, so that
// a runtime can map it.
const externalAlign = 4096

// externalWriter lays tensors of at least min bytes one after another into a
// data file and gives back the messages that point there.
type externalWriter struct {
	w        io.Writer
	location string
	min      int64
	at       int64
}

func (x *externalWriter) put(t *Tensor) (*onnxpb.TensorProto, error) {
	size := t.Elem().packedBytes(t.Len())
	if size < x.min || t.Elem() == String {
		return inlineTensor(t)
	}
	if pad := -x.at & (externalAlign - 1); pad > 0 {
		if _, err := x.w.Write(make([]byte, pad)); err != nil {
			return nil, err
		}
		x.at += pad
	}
	if err := t.writeTo(x.w); err != nil {
		return nil, err
	}
	p := bareTensor(t.pb)
	kv := func(k, v string) *onnxpb.StringStringEntryProto {
		return &onnxpb.StringStringEntryProto{Key: &k, Value: &v}
	}
	p.ExternalData = []*onnxpb.StringStringEntryProto{
		kv("location", x.location), kv("offset", strconv.FormatInt(x.at, 10)), kv("length", strconv.FormatInt(size, 10)),
	}
	p.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
	x.at += size
	return p, nil
}

// inlineTensor returns the message of t with its bytes inside the model file.
func inlineTensor(t *Tensor) (*onnxpb.TensorProto, error) {
	if t.src == nil {
		return t.pb, nil
	}
	raw, err := t.Bytes()
	if err != nil {
		return nil, err
	}
	p := bareTensor(t.pb)
	p.RawData = raw
	return p, nil
}

// bareTensor copies everything but where the elements lie.
func bareTensor(t *onnxpb.TensorProto) *onnxpb.TensorProto {
	p := shallowTensor(t)
	p.RawData, p.FloatData, p.Int32Data, p.Int64Data, p.DoubleData, p.Uint64Data = nil, nil, nil, nil, nil, nil
	p.ExternalData, p.DataLocation = nil, nil
	return p
}
