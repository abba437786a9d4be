package rundir

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/filelock"
)

const lockName = "LOCK"

// ErrLocked is what errors.Is finds in a [*LockedError].
var ErrLocked = errors.New("the run folder is locked")

// LockedError says that another process, or another Dir of this one, works in a
// run folder.
type LockedError struct {
	Path string
	PID  int // 0 when it could not be read
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return e.Path + " is in use by another process; wait until it ends"
	}
	return fmt.Sprintf("%s is in use by process %d; wait until it ends", e.Path, e.PID)
}

// Is reports whether target is [ErrLocked].
func (e *LockedError) Is(target error) bool { return target == ErrLocked }

// lock is a held lock of the operating system on the file LOCK of a folder.
type lock struct {
	file *os.File
}

// acquire locks a run folder. A LOCK file whose process is dead holds no lock
// and is taken over.
func acquire(dir string) (*lock, error) {
	path := filepath.Join(dir, lockName)
	f, err := filelock.Open(path)
	if errors.Is(err, filelock.ErrBusy) {
		return nil, &LockedError{Path: dir, PID: readPID(path)}
	}
	if err != nil {
		return nil, fmt.Errorf("lock the run folder %s: %w", dir, err)
	}
	held := &lock{f}
	if err := writePID(f); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the run folder %s: %w", dir, err), held.release())
	}
	return held, nil
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(path string) int {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0
	}
	return pid
}
