package loop

import (
	"context"
	"errors"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/internal/version"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// owned are the files and folders of a run folder that a run writes.
var owned = []string{
	DenseFile, SelectorFile, FusedInitFile, FusedFile, DeployFile, report.HTMLName, report.JSONName, labelsFile,
	firstFolder, "round-[0-9][0-9][0-9]*", armsFolder, workFolder,
}

// FinishedError says that a folder holds a run that has come to its end.
type FinishedError struct{ Dir string }

func (e *FinishedError) Error() string { return e.Dir + " holds a finished run" }

// Open opens the data and the networks of a run, locks its folder and replays
// what happened there. ort.Init must have succeeded.
func Open(ctx context.Context, c config.Config, o Options) (*Engine, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	e := &Engine{arms: Specs(c), workbench: &workbench{options: o, folder: folder(o.Dir), oracle: o.Oracle}}
	if err := e.open(ctx, c); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context, c config.Config) error {
	if err := e.workbench.open(ctx, c); err != nil {
		return err
	}
	inputs, err := e.workbench.inputs(c)
	if err != nil {
		return err
	}
	o := e.workbench.options
	if o.Force {
		if err := e.workbench.folder.filledIn(); err != nil {
			return err
		}
	}
	e.dir, err = rundir.Open(o.Dir, rundir.Info{
		Command: o.Command, Seed: c.Seed, Config: c, Inputs: inputs,
		Versions: versionsOf(o.Session),
	}, rundir.Options{Owned: owned, Computes: []string{"onnxruntime", "provider", "threads", "platform"}, Force: o.Force})
	if err != nil {
		return err
	}
	if err := e.workbench.folder.clean(); err != nil {
		return err
	}
	if err := e.fold(); err != nil {
		return err
	}
	if e.done() && e.workbench.folder.holds(report.HTMLName, report.JSONName) && !o.Resume {
		return &FinishedError{o.Dir}
	}
	if err := e.check(); err != nil {
		return err
	}
	return e.openLabelLog(c)
}

// openLabelLog replays the log of labels, where people label.
func (e *Engine) openLabelLog(c config.Config) (err error) {
	b := e.workbench
	if b.oracle != nil {
		return nil
	}
	if b.log, err = readLabelLog(e.dir); err != nil {
		return err
	}
	return b.folder.checkLabelLog(b.log, e.arms[0].State, answersConfig(c.Label, b.classesOf()))
}

// versionsOf says what computes.
func versionsOf(session ort.SessionOptions) map[string]string {
	info := ort.Describe()
	threads := session.Threads
	if threads == 0 {
		threads = info.Threads
	}
	return map[string]string{
		"prunefuse": version.Version, "onnxruntime": info.Version, "provider": string(session.Provider),
		"threads": strconv.Itoa(threads), "platform": runtime.GOOS + "/" + runtime.GOARCH, "go": runtime.Version(),
	}
}

// check refuses a folder in which a file that the log names is missing or has
// changed. Of the working folder only the files that a step still needs are there.
func (e *Engine) check() error {
	for _, path := range slices.Sorted(maps.Keys(e.files)) {
		if strings.HasPrefix(path, workFolder+"/") && !e.needs(path) {
			continue
		}
		if err := e.workbench.folder.check(e.files[path]); err != nil {
			return err
		}
	}
	return nil
}

// needs reports whether the state of an arm names a file.
func (e *Engine) needs(path string) bool {
	return slices.ContainsFunc(e.arms, func(arm Arm) bool { return arm.State.needs(path) })
}

// Close releases the folder and the data.
func (e *Engine) Close() error {
	var err error
	for _, s := range []data.Set{e.workbench.pool, e.workbench.test} {
		if s != nil {
			err = errors.Join(err, data.Close(s))
		}
	}
	if e.dir != nil {
		err = errors.Join(err, e.dir.Close())
	}
	return err
}
