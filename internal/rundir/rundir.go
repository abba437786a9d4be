package rundir

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// Schema is that of run.json.
const Schema = "prunefuse.run/2"

// schemas begin the schema of every version.
const schemas = "prunefuse.run/"

// earlier is the schema of folders whose rounds were kept in metrics.json.
const earlier = schemas + "1"

const (
	infoName   = "run.json"
	eventsName = "events.jsonl"
)

// Info says what a run is. It holds nothing that differs between two runs of
// the same command, so times are in the events.
type Info struct {
	Schema   string            `json:"schema"`
	Command  []string          `json:"command"`
	Seed     uint64            `json:"seed"`
	Versions map[string]string `json:"versions,omitempty"` // of prunefuse, go, onnxruntime
	Inputs   map[string]string `json:"inputs,omitempty"`   // path → SHA-256
	Config   any               `json:"config,omitempty"`   // resolved: defaults, file, environment and flags
}

// Options say how Open treats a folder that is not empty.
type Options struct {
	// Owned are patterns of the files and folders, directly in the run folder,
	// that a run writes.
	Owned []string
	// Computes are the keys of Info.Versions on which the bits that a run
	// computes depend: a run goes on only where they are the same.
	Computes []string
	// Force replaces a run that is in the folder, whatever it is of. A folder
	// whose run.json is of another program stays as it is.
	Force bool
}

// Dir is a run folder. Its methods are not for concurrent use.
type Dir struct {
	path string
	info Info
	log  *Log[Line]
	lock *lock // nil for a Dir of View
}

// Open locks the folder path for the run that info describes. It goes on with
// the same run where the folder holds it, and begins it where the folder holds
// none. A run of another configuration or of other inputs is an error, and so
// is a file in the way of what the run will write; the latter matches
// [atomicfile.ErrExists]. While another process holds the folder the error is
// a [*LockedError]. A failure leaves nothing of its own behind.
func Open(path string, info Info, o Options) (_ *Dir, err error) {
	_, before := os.Stat(path)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("open run folder: %w", err)
	}
	d := &Dir{path: path, info: info}
	d.info.Schema = Schema
	defer func() {
		if err != nil {
			_ = d.Close()
			if errors.Is(before, fs.ErrNotExist) {
				_ = os.Remove(path)
			}
		}
	}()
	if d.lock, err = acquire(path); err != nil {
		return nil, err
	}
	if err := d.enter(o); err != nil {
		return nil, fmt.Errorf("open run folder %s: %w", path, err)
	}
	return d, nil
}

// enter begins the run or goes on with it.
func (d *Dir) enter(o Options) error {
	_, err := os.Stat(d.Path(infoName))
	holds := err == nil
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case holds && o.Force:
		if err := d.checkOurs(); err != nil {
			return err
		}
		if err := d.clear(o.Owned); err != nil {
			return err
		}
	case holds:
		var there Info
		content, err := readInfo(d.Path(infoName), &there)
		if err == nil {
			err = d.info.same(there, o.Computes)
		}
		if err != nil {
			return err
		}
		d.info = there
		if d.log, err = readEvents(d.Path(eventsName), content); err != nil {
			return err
		}
		return d.log.Open(len(d.log.lines))
	default:
		if err := d.vacant(o); err != nil {
			return err
		}
	}
	return d.begin()
}

func (d *Dir) begin() error {
	if err := WriteJSON(d.Path(infoName), d.info); err != nil {
		return err
	}
	content, err := os.ReadFile(d.Path(infoName))
	if err == nil {
		d.log, err = readEvents(d.Path(eventsName), content)
	}
	if err == nil {
		err = d.log.Open(len(d.log.lines))
	}
	if err != nil {
		return errors.Join(err, os.Remove(d.Path(infoName)))
	}
	return nil
}

// vacant refuses a folder without a run that has files where the run will
// write its own. Force lets files be replaced, but not folders, of which nobody
// knows what is in them.
func (d *Dir) vacant(o Options) error {
	found, err := d.owned(append([]string{eventsName}, o.Owned...))
	if err != nil {
		return err
	}
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if info.IsDir() {
			return fmt.Errorf("it holds no run, but a folder %s that a run would write to; name another folder", filepath.Base(path))
		}
		if err := atomicfile.CheckAbsent(path, o.Force); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	return nil
}

// checkOurs refuses a folder whose run.json no version of this program wrote: the
// files beside it are not ours to remove.
func (d *Dir) checkOurs() error {
	var there struct {
		Schema string `json:"schema"`
	}
	err := ReadJSON(d.Path(infoName), &there)
	if err == nil && !strings.HasPrefix(there.Schema, schemas) {
		err = foreign(there.Schema)
	}
	if err != nil {
		return fmt.Errorf("--force (-f) removes nothing here: %w", err)
	}
	return nil
}

// foreign refuses a run.json for its schema.
func foreign(schema string) error {
	if strings.HasPrefix(schema, schemas) {
		return fmt.Errorf("%s has schema %q, want %q: it is of another version of prunefuse", infoName, schema, Schema)
	}
	return fmt.Errorf("%s has schema %q, want %q: it is not of prunefuse; name another folder", infoName, schema, Schema)
}

// clear removes the files of a run: run.json first, so that what an
// interruption leaves is no run any more.
func (d *Dir) clear(owned []string) error {
	found, err := d.owned(append([]string{eventsName}, owned...))
	if err != nil {
		return err
	}
	for _, path := range append([]string{d.Path(infoName)}, found...) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dir) owned(patterns []string) (found []string, err error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		for _, p := range patterns {
			if ok, err := filepath.Match(p, e.Name()); err != nil {
				return nil, err
			} else if ok {
				found = append(found, d.Path(e.Name()))
				break
			}
		}
	}
	return found, nil
}

// View reads the run folder path without locking it. The Dir can tell what
// happened so far but not add to it.
func View(path string) (*Dir, error) {
	d := &Dir{path: path}
	content, err := readInfo(d.Path(infoName), &d.info)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open run folder %s: it holds no run (no %s)", path, infoName)
	}
	if err == nil {
		d.log, err = readEvents(d.Path(eventsName), content)
	}
	if err != nil {
		return nil, fmt.Errorf("open run folder %s: %w", path, err)
	}
	return d, nil
}

// readInfo reads run.json and returns its content as well.
func readInfo(path string, info *Info) ([]byte, error) {
	if err := ReadJSON(path, info); err != nil {
		return nil, err
	}
	switch info.Schema {
	case Schema:
		return os.ReadFile(path)
	case earlier:
		return nil, fmt.Errorf("%s has the schema %q of an earlier version of prunefuse, which this one cannot go on with; name another folder, or start anew with --force (-f)", infoName, info.Schema)
	}
	return nil, foreign(info.Schema)
}

// Close releases the lock. The folder can be opened again.
func (d *Dir) Close() error {
	err := d.log.Close()
	if d.lock != nil {
		err = errors.Join(err, d.lock.release())
		d.lock = nil
	}
	return err
}

// Lock locks the run folder path and changes nothing in it.
func Lock(path string) (*Dir, error) {
	d, err := View(path)
	if err == nil {
		d.lock, err = acquire(path)
	}
	return d, err
}

// Info returns what run.json says. Config is then what encoding/json makes of
// any JSON value; ReadConfig decodes it to a type.
func (d *Dir) Info() Info { return d.info }

// ReadConfig decodes the configuration in run.json. A key that the type does
// not have is an error.
func (d *Dir) ReadConfig(to any) error {
	text, err := json.Marshal(d.info.Config)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(to); err != nil {
		return fmt.Errorf("read %s: the configuration: %w", d.Path(infoName), err)
	}
	return nil
}

// Path joins names to the folder's path.
func (d *Dir) Path(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Lines returns the events so far. The slice is not to be changed.
func (d *Dir) Lines() []Line { return d.log.lines }

// Root returns what the logs of the run go on from: the SHA-256 of run.json.
func (d *Dir) Root() string { return d.log.root }

// Torn returns how many bytes stand behind the last line of the log.
func (d *Dir) Torn() int64 { return d.log.Torn() }

// Append adds an event to events.jsonl, with the time now. It is on the device
// when Append returns; a failure leaves the log as it was.
func (d *Dir) Append(line Line) error {
	if d.lock == nil {
		return fmt.Errorf("the run folder %s is open for reading only", d.path)
	}
	line.Time = time.Now().UTC().Truncate(time.Millisecond)
	if err := d.log.Append(line); err != nil {
		return fmt.Errorf("append to %s: %w", d.Path(eventsName), err)
	}
	return nil
}
