package rundir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// Schema is that of run.json.
const Schema = "prunefuse.run/1"

const (
	infoName    = "run.json"
	eventsName  = "events.jsonl"
	metricsName = "metrics.json"
	roundPrefix = "round-"
)

// Info says what a run is. It holds nothing that differs between two runs of
// the same command, so times are in the events.
type Info struct {
	Schema   string            `json:"schema"`
	Command  []string          `json:"command"`
	Seed     uint64            `json:"seed"`
	Versions map[string]string `json:"versions,omitempty"` // of prunefuse, go, onnxruntime
	Inputs   map[string]string `json:"inputs,omitempty"`   // path → SHA-256, as HashFile gives it
	Config   any               `json:"config,omitempty"`   // resolved: defaults, file, environment and flags
}

// Dir is a run folder. Its methods other than Append are not for concurrent use.
type Dir struct {
	path   string
	info   Info
	lock   *lock // nil for a Dir of View
	events eventLog
}

// Create makes path a new run folder, with its parents, locks it and writes
// run.json. A folder that holds a run already is an error that matches
// [atomicfile.ErrExists]; with force that run's files, and only they, are
// removed. A failure leaves nothing of its own in the folder, nor the folder
// where it was not there before.
func Create(path string, info Info, force bool) (_ *Dir, err error) {
	_, before := os.Stat(path)
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("create run folder: %w", err)
	}
	defer func() {
		if err != nil && errors.Is(before, fs.ErrNotExist) {
			_ = os.Remove(path)
		}
	}()
	d := &Dir{path: path, info: info}
	d.info.Schema = Schema
	if d.lock, err = acquire(path); err != nil {
		return nil, err
	}
	if err := d.begin(force); err != nil {
		d.Close()
		return nil, fmt.Errorf("create run folder %s: %w", path, err)
	}
	return d, nil
}

func (d *Dir) begin(force bool) error {
	if _, err := os.Stat(d.Path(infoName)); err == nil {
		if !force {
			return heldRun{}
		}
		if err := d.clear(); err != nil {
			return err
		}
	}
	if err := WriteJSON(d.Path(infoName), d.info); err != nil {
		return err
	}
	if err := d.events.open(d.Path(eventsName)); err != nil {
		return errors.Join(err, os.Remove(d.Path(infoName)))
	}
	return nil
}

type heldRun struct{}

func (heldRun) Error() string        { return "it holds a run" }
func (heldRun) Is(target error) bool { return target == atomicfile.ErrExists }

// clear removes the files of a run: run.json first, so that what an
// interruption leaves is no run any more.
func (d *Dir) clear() error {
	rounds, err := d.rounds()
	if err != nil {
		return err
	}
	if err := os.Remove(d.Path(infoName)); err != nil {
		return err
	}
	for _, n := range rounds {
		if err := os.RemoveAll(d.Round(n)); err != nil {
			return err
		}
	}
	if err := os.Remove(d.Path(eventsName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Open locks the run folder path to go on with its run. While another process
// holds it the error is a [*LockedError].
func Open(path string) (*Dir, error) {
	if _, err := View(path); err != nil {
		return nil, err
	}
	held, err := acquire(path)
	if err != nil {
		return nil, err
	}
	// Read again what may have changed before the lock was held.
	d, err := View(path)
	if err == nil {
		if err = d.events.open(d.Path(eventsName)); err != nil {
			err = fmt.Errorf("open run folder %s: %w", path, err)
		}
	}
	if err != nil {
		return nil, errors.Join(err, held.release())
	}
	d.lock = held
	return d, nil
}

// View reads the run folder path without locking it. The Dir can tell where
// things are but not begin or finish rounds nor append events.
func View(path string) (*Dir, error) {
	d := &Dir{path: path}
	err := ReadJSON(d.Path(infoName), &d.info)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open run folder %s: it holds no run (no %s)", path, infoName)
	}
	if err == nil && d.info.Schema != Schema {
		err = fmt.Errorf("%s has schema %q, want %q: it is of another version of prunefuse", infoName, d.info.Schema, Schema)
	}
	if err != nil {
		return nil, fmt.Errorf("open run folder %s: %w", path, err)
	}
	return d, nil
}

// Close releases the lock. The folder can be opened again.
func (d *Dir) Close() error {
	err := d.events.close()
	if d.lock != nil {
		err = errors.Join(err, d.lock.release())
		d.lock = nil
	}
	return err
}

// Info returns what run.json says. Config is then what encoding/json makes of
// any JSON value; ReadJSON of Path("run.json") decodes it to a type.
func (d *Dir) Info() Info { return d.info }

// Path joins names to the folder's path.
func (d *Dir) Path(names ...string) string {
	return filepath.Join(append([]string{d.path}, names...)...)
}

// Round returns the path of round n's folder, which need not exist.
func (d *Dir) Round(n int) string { return d.Path(fmt.Sprintf("%s%03d", roundPrefix, n)) }

// BeginRound makes an empty folder for round n and returns its path. What an
// interrupted attempt left there is removed; a complete round is an error.
func (d *Dir) BeginRound(n int) (string, error) {
	path := d.Round(n)
	if err := d.writable(); err != nil {
		return "", err
	}
	if d.complete(n) {
		return "", fmt.Errorf("begin round %d: %s is complete", n, path)
	}
	if err := os.RemoveAll(path); err != nil {
		return "", fmt.Errorf("begin round %d: %w", n, err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		return "", fmt.Errorf("begin round %d: %w", n, err)
	}
	return path, nil
}

// FinishRound marks round n as complete by writing its metrics.json, after all
// its other files.
func (d *Dir) FinishRound(n int, metrics any) error {
	if err := d.writable(); err != nil {
		return err
	}
	if err := WriteJSON(filepath.Join(d.Round(n), metricsName), metrics); err != nil {
		return fmt.Errorf("finish round %d: %w", n, err)
	}
	return nil
}

// Metrics reads the metrics.json of round n to metrics.
func (d *Dir) Metrics(n int, metrics any) error {
	return ReadJSON(filepath.Join(d.Round(n), metricsName), metrics)
}

// LastRound returns the last complete round of those that follow each other
// without a gap from the first complete one, and whether there is any.
func (d *Dir) LastRound() (n int, ok bool, err error) {
	rounds, err := d.rounds()
	if err != nil {
		return 0, false, err
	}
	for _, k := range rounds {
		if !d.complete(k) {
			continue
		}
		if ok && k != n+1 {
			break
		}
		n, ok = k, true
	}
	return n, ok, nil
}

func (d *Dir) complete(n int) bool {
	_, err := os.Stat(filepath.Join(d.Round(n), metricsName))
	return err == nil
}

// rounds returns the numbers of the round folders, ascending.
func (d *Dir) rounds() ([]int, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var rounds []int
	for _, e := range entries {
		digits, ok := strings.CutPrefix(e.Name(), roundPrefix)
		if n, err := strconv.Atoi(digits); ok && err == nil && n >= 0 && e.IsDir() && d.Round(n) == d.Path(e.Name()) {
			rounds = append(rounds, n)
		}
	}
	slices.Sort(rounds)
	return rounds, nil
}

func (d *Dir) writable() error {
	if d.lock == nil {
		return fmt.Errorf("the run folder %s is open for reading only", d.path)
	}
	return nil
}
