package data

import (
	"errors"
	"os"
	"sync"
)

// maxOpen is how many of the files of a set are open at a time, unless more are
// being read.
const maxOpen = 64

// openFiles opens files when they are read and keeps the last ones open. It is
// safe for concurrent use.
type openFiles struct {
	paths []string

	mu    sync.Mutex
	open  map[int]*keptFile
	clock int
}

type keptFile struct {
	f        *os.File
	users    int
	lastUsed int
}

func newOpenFiles(paths []string) *openFiles {
	return &openFiles{paths: paths, open: map[int]*keptFile{}}
}

// with calls use with file k, which stays open for as long.
func (o *openFiles) with(k int, use func(*os.File) error) error {
	f, err := o.acquire(k)
	if err != nil {
		return err
	}
	defer o.release(f)
	return use(f.f)
}

func (o *openFiles) acquire(k int) (*keptFile, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f := o.open[k]
	if f == nil {
		if len(o.open) >= maxOpen {
			o.closeOldest()
		}
		opened, err := os.Open(o.paths[k])
		if err != nil {
			return nil, err
		}
		f = &keptFile{f: opened}
		o.open[k] = f
	}
	o.clock++
	f.users++
	f.lastUsed = o.clock
	return f, nil
}

func (o *openFiles) release(f *keptFile) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.users--
}

// closeOldest closes the file that was not used for longest, if there is one
// that is not in use.
func (o *openFiles) closeOldest() {
	oldest := -1
	for k, f := range o.open {
		if f.users == 0 && (oldest < 0 || f.lastUsed < o.open[oldest].lastUsed) {
			oldest = k
		}
	}
	if oldest >= 0 {
		o.open[oldest].f.Close()
		delete(o.open, oldest)
	}
}

// Close closes all files.
func (o *openFiles) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	var errs []error
	for _, f := range o.open {
		errs = append(errs, f.f.Close())
	}
	clear(o.open)
	return errors.Join(errs...)
}
