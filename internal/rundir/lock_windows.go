package rundir

import "os"

// release closes LOCK, which unlocks it, and removes it unless another process
// has opened it since: Windows removes no open file.
func (l *lock) release() error {
	err := l.file.Close()
	_ = os.Remove(l.file.Name())
	return err
}
