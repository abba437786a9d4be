package atomicfile

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrExists is what errors.Is finds in the error of [CheckAbsent].
var ErrExists = errors.New("exists")

type existsError struct{ path string }

func (e *existsError) Error() string        { return e.path + " exists" }
func (e *existsError) Is(target error) bool { return target == ErrExists }

// CheckAbsent returns an error matching [ErrExists] when a file is at path and
// force is not set. Devices and pipes count as absent, and so does a path whose
// folder is a file, which the writing will refuse. A folder at path is an
// error with force too. Commands call it before their work starts, not after
// an hour of it.
func CheckAbsent(path string, force bool) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%s is a folder; name a file", path)
	case force || !info.Mode().IsRegular():
		return nil
	}
	return &existsError{path}
}

// Write replaces path by what write sends to its writer, which is buffered.
// The new file has mode perm less the process's umask. Errors name path, not
// the temporary file; an error of the writer fails Write even where the
// callback does not report it.
func Write(path string, perm fs.FileMode, write func(io.Writer) error) error {
	var g Group
	defer g.Discard()
	if err := g.Write(path, perm, write); err != nil {
		return err
	}
	return g.Commit()
}

// WriteBytes replaces path by content, as [Write] does.
func WriteBytes(path string, perm fs.FileMode, content []byte) error {
	return Write(path, perm, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// resolve follows symbolic links of an existing path and says whether the
// target must be written in place.
func resolve(path string) (target string, inPlace bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, lerr := os.Lstat(path); lerr == nil {
			return "", false, fmt.Errorf("write %s: it is a link to nothing", path)
		}
		return path, false, nil
	}
	if err != nil {
		return "", false, err
	}
	if info.IsDir() {
		return "", false, fmt.Errorf("write %s: it is a folder", path)
	}
	if !info.Mode().IsRegular() {
		return path, true, nil
	}
	target, err = filepath.EvalSymlinks(path)
	return target, false, err
}

// IsTemporary reports whether a file has a name as those have that are being
// written. A process that was killed leaves them.
func IsTemporary(name string) bool {
	return strings.HasPrefix(name, temporaryPrefix) && strings.HasSuffix(name, temporarySuffix)
}

const temporaryPrefix, temporarySuffix = ".prunefuse-", ".tmp"

// temporary creates a new file beside target.
func temporary(target string, perm fs.FileMode) (*os.File, error) {
	name := filepath.Join(filepath.Dir(target), temporaryPrefix+rand.Text()+temporarySuffix)
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	return f, relabel(err, target)
}

// fill runs write over a buffer on f, flushes it to the device and closes f.
func fill(f *os.File, path string, write func(io.Writer) error) (err error) {
	open := true
	defer func() {
		if open {
			f.Close()
		}
	}()
	buf := bufio.NewWriterSize(&labelled{f, path}, 1<<16)
	if err := write(buf); err != nil {
		return err
	}
	if err := buf.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil && !syncUnsupported(f) {
		return relabel(err, path)
	}
	open = false
	return relabel(f.Close(), path)
}

// syncUnsupported reports whether f is of a kind that has nothing to flush.
func syncUnsupported(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && !info.Mode().IsRegular()
}

// labelled writes to a file and names another path in its errors.
type labelled struct {
	f    *os.File
	path string
}

func (l *labelled) Write(p []byte) (int, error) {
	n, err := l.f.Write(p)
	return n, relabel(err, l.path)
}

// relabel names path in a file error in the place of the temporary name.
func relabel(err error, path string) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &fs.PathError{Op: pe.Op, Path: path, Err: pe.Err}
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return &fs.PathError{Op: le.Op, Path: path, Err: le.Err}
	}
	return err
}

// syncFolder makes a rename in dir durable where the file system can do so.
// The files are complete either way, so a failure is not reported.
func syncFolder(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		d.Close()
	}
}
