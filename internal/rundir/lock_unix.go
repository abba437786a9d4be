//go:build unix && !solaris && !aix

package rundir

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// tryLock locks f for this open file, or returns errBusy.
func tryLock(f *os.File) error {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case errors.Is(err, syscall.EWOULDBLOCK):
			return errBusy
		}
		return err
	}
}

// release removes LOCK while it is still held, so that no other process's LOCK
// is removed.
func (l *lock) release() error {
	err := os.Remove(l.file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.file.Close())
}
