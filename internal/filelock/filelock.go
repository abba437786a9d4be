// Package filelock opens files for one process at a time, by locks of the
// operating system, which end with the process. Not guaranteed: locking between
// machines on network file systems that do not pass locks on.
package filelock

import (
	"errors"
	"os"
)

// ErrBusy is the error of a file that another open file has locked.
var ErrBusy = errors.New("in use by another process; wait until it ends")

// Open opens a file to read and write, making it where it is not there, and locks
// it until it is closed. Where the file system has no locks the error is an
// errors.ErrUnsupported.
func Open(path string) (*os.File, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		if err := try(f); err != nil {
			return nil, errors.Join(&os.PathError{Op: "lock", Path: path, Err: err}, f.Close())
		}
		if isAt(f, path) {
			return f, nil
		}
		// Its holder removed it between our open and our lock.
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}

// isAt reports whether f is the file that path names now.
func isAt(f *os.File, path string) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(path)
	return err == nil && os.SameFile(mine, there)
}
