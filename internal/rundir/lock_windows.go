package rundir

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockOffset is beyond the content, since a locked range cannot be read.
const lockOffset = 1 << 30

// tryLock locks f for this open file, or returns errBusy.
func tryLock(f *os.File) error {
	err := windows.LockFileEx(windows.Handle(f.Fd()),
		windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0,
		&windows.Overlapped{Offset: lockOffset})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return errBusy
	}
	return err
}

// release closes LOCK, which unlocks it, and removes it unless another process
// has opened it since: Windows removes no open file.
func (l *lock) release() error {
	err := l.file.Close()
	_ = os.Remove(l.file.Name())
	return err
}
