//go:build unix && !solaris && !aix

package rundir

import (
	"errors"
	"io/fs"
	"os"
)

// release removes LOCK while it is still held, so that no other process's LOCK
// is removed.
func (l *lock) release() error {
	err := os.Remove(l.file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, l.file.Close())
}
