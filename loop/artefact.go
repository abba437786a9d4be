package loop

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/internal/version"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// Artefact is a file of the run folder that an event names.
type Artefact struct {
	Path   string `json:"path"` // in the folder, with forward slashes
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Network is a model in the run folder.
type Network struct {
	File   Artefact `json:"file"`
	Role   string   `json:"role"` // "dense", "selector", "proxy", "fused", "deploy"
	Params int64    `json:"parameters"`
	MACs   int64    `json:"macs"` // of one sample
}

// folder is where artefacts are.
type folder string

func (f folder) path(name string) string { return filepath.Join(string(f), filepath.FromSlash(name)) }

// place returns the path of a file, in a folder that is there.
func (f folder) place(name string) (string, error) {
	path := f.path(name)
	return path, os.MkdirAll(filepath.Dir(path), 0o777)
}

// write replaces a file.
func (f folder) write(name string, write func(io.Writer) error) (Artefact, error) {
	path, err := f.place(name)
	if err == nil {
		err = atomicfile.Write(path, 0o666, write)
	}
	if err != nil {
		return Artefact{}, err
	}
	return f.describe(name)
}

// save writes a model.
func (f folder) save(name string, m *onnxio.Model, role string) (Network, error) {
	n := Network{Role: role}
	count, err := op.CountModel(m, nil)
	if err != nil {
		return n, err
	}
	n.Params, n.MACs = count.Parameters, count.MACs
	m.SetProducer("prunefuse", version.Version)
	m.SetMeta("prunefuse.version", version.Version)
	path, err := f.place(name)
	if err == nil {
		err = m.Save(path, onnxio.SaveOptions{})
	}
	if err == nil {
		n.File, err = f.describe(name)
	}
	return n, err
}

// describe returns what an event says of a file that is there.
func (f folder) describe(name string) (Artefact, error) {
	info, err := os.Stat(f.path(name))
	if err != nil {
		return Artefact{}, err
	}
	sum, err := rundir.HashFile(f.path(name))
	return Artefact{name, info.Size(), sum}, err
}

// clean removes what a process that was killed left of files that it was writing.
func (f folder) clean() error {
	return filepath.WalkDir(string(f), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && atomicfile.IsTemporary(d.Name()) {
			err = os.Remove(path)
		}
		return err
	})
}

// holds reports whether files are there.
func (f folder) holds(names ...string) bool {
	for _, name := range names {
		if _, err := os.Stat(f.path(name)); err != nil {
			return false
		}
	}
	return true
}

// list returns the names of the files of a folder, in order.
func (f folder) list(name string) ([]string, error) {
	entries, err := os.ReadDir(f.path(name))
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.Name()
	}
	return out, err
}

// check refuses a file that is not what its event says.
func (f folder) check(a Artefact) error {
	is, err := f.describe(a.Path)
	switch {
	case os.IsNotExist(err):
		return fmt.Errorf("%s is gone, which the run needs: put it back, or start anew with --force (-f)", f.path(a.Path))
	case err != nil:
		return err
	case is != a:
		return fmt.Errorf("%s has changed since the run wrote it (SHA-256 %.12s, was %.12s): put back what it was, or start anew with --force (-f)", f.path(a.Path), is.SHA256, a.SHA256)
	}
	return nil
}

// load reads a model that is what its event says.
func (f folder) load(n Network) (*onnxio.Model, error) {
	if err := f.check(n.File); err != nil {
		return nil, err
	}
	return onnxio.Load(f.path(n.File.Path))
}

// open opens a file that is what its event says.
func (f folder) open(a Artefact) (*os.File, error) {
	if err := f.check(a); err != nil {
		return nil, err
	}
	return os.Open(f.path(a.Path))
}
