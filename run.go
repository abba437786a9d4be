package prunefuse

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/prunefuse/prunefuse/internal/data"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// The files that a run leaves in its folder, beside a folder for each round.
const (
	DenseFile     = "dense.onnx"      // untrained
	SelectorFile  = "selector.onnx"   // pruned and trained on all labels
	FusedInitFile = "fused-init.onnx" // fused, before fine-tuning
	FusedFile     = "fused.onnx"      // fused and fine-tuned
	DeployFile    = "deploy.onnx"     // exported
)

// RunOptions say where a run goes and how it computes.
type RunOptions struct {
	// Dir is the run folder. It must not hold a run, except with Resume,
	// which goes on with an interrupted run of the same configuration, or
	// with Force, which replaces it.
	Dir    string
	Resume bool
	Force  bool
	// Command is recorded as what started the run.
	Command  []string
	Session  ort.SessionOptions
	Progress func(Event) // may be nil
}

// Run does the whole method on data with known labels and leaves the
// networks, a report page and its numbers in the run folder. The folder is
// locked while it lasts. A run that is interrupted keeps every finished
// round, and Resume goes on behind the last.
func Run(ctx context.Context, c Config, o RunOptions) error {
	if err := c.Check(); err != nil {
		return err
	}
	r, err := newRun(ctx, c, o)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	err = r.whole(ctx)
	return errors.Join(wrap("run", err), r.close())
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// run is one run under way.
type run struct {
	cfg  Config
	opts RunOptions
	dir  *rundir.Dir
	rep  *report.Report

	pool, test data.Set
	pre        data.Preprocess

	dense    *network // untrained, as built or given
	parent   *network // what the selector is pruned from and fused into
	start    *network // pruned, untrained: where every selector starts
	labelled []int    // of the pool, in the order of labelling
	rounds   []round
}

// network is a model with what the ledger and the report need of it.
type network struct {
	model  *onnxio.Model
	role   string
	macs   int64 // of one image
	params int64
}

func newRun(ctx context.Context, c Config, o RunOptions) (*run, error) {
	r := &run{cfg: c, opts: o}
	if err := r.openData(ctx); err != nil {
		return nil, errors.Join(err, r.close())
	}
	if err := r.openDir(); err != nil {
		return nil, errors.Join(err, r.close())
	}
	r.rep = r.newReport()
	return r, nil
}

func (r *run) close() error {
	var err error
	for _, s := range []data.Set{r.pool, r.test} {
		if s != nil {
			err = errors.Join(err, data.Close(s))
		}
	}
	if r.dir != nil {
		err = errors.Join(err, r.dir.Close())
	}
	return err
}

func (r *run) openData(ctx context.Context) error {
	var err error
	if r.pool, err = data.Open(r.cfg.Data, data.Options{}); err != nil {
		return err
	}
	if r.test, err = data.Open(r.cfg.Test, data.Options{}); err != nil {
		return err
	}
	if n := r.cfg.Limit; n > 0 && n < r.pool.Len() {
		r.pool = data.Subset(r.pool, draw(r.cfg.Seed, streamLimit, r.pool.Len(), n))
	}
	labels := r.cfg.labels()
	switch most := labels[len(labels)-1]; {
	case r.pool.Shape() != r.test.Shape():
		return fmt.Errorf("data has samples of %v, test of %v", r.pool.Shape(), r.test.Shape())
	case most > r.pool.Len():
		return &ConfigError{fmt.Sprintf("label: %d labels in the end, but the pool has %d samples", most, r.pool.Len())}
	}
	for i := range r.pool.Len() {
		if r.pool.Label(i) < 0 {
			return fmt.Errorf("sample %s has no label; a run simulates labelling and needs them all", r.pool.ID(i))
		}
	}
	mean, std, err := data.Stats(ctx, r.pool, statsSamples)
	if err != nil {
		return err
	}
	r.pre = data.Preprocess{Mean: mean, Std: std, Layout: "NCHW", Size: [2]int{r.pool.Shape().H, r.pool.Shape().W}, Classes: r.pool.Classes()}
	return nil
}

// statsSamples is how many samples the normalisation is measured on.
const statsSamples = 5000

func (r *run) openDir() error {
	info := rundir.Info{
		Command: r.opts.Command, Seed: r.cfg.Seed, Config: r.cfg,
		Versions: map[string]string{"prunefuse": Version, "onnxruntime": ort.Describe().Version},
	}
	var err error
	if !r.opts.Resume {
		r.dir, err = rundir.Create(r.opts.Dir, info, r.opts.Force)
		return err
	}
	if r.dir, err = rundir.Open(r.opts.Dir); err != nil {
		return err
	}
	var was struct{ Config Config }
	if err := rundir.ReadJSON(r.dir.Path("run.json"), &was); err != nil {
		return err
	}
	if !sameConfig(was.Config, r.cfg) {
		return fmt.Errorf("%s holds a run of another configuration; resume with its own, or start anew with -f", r.opts.Dir)
	}
	return nil
}

// whole is the method from the first label to the report.
func (r *run) whole(ctx context.Context) error {
	if err := r.build(); err != nil {
		return err
	}
	for k := range r.cfg.labels() {
		if err := r.round(ctx, k); err != nil {
			return fmt.Errorf("round %d: %w", k, err)
		}
	}
	if err := r.finish(ctx); err != nil {
		return err
	}
	if err := r.compare(ctx); err != nil {
		return err
	}
	return r.writeReport()
}

// build makes or reads the dense network and prunes the first selector.
func (r *run) build() error {
	m, err := r.denseModel()
	if err != nil {
		return err
	}
	if r.dense, err = newNetwork(m, "dense"); err != nil {
		return err
	}
	r.parent = r.dense
	if err := r.save(DenseFile, m); err != nil {
		return err
	}
	r.labelled = draw(r.cfg.Seed, streamInitial, r.pool.Len(), r.cfg.Label.Initial)
	return r.prune()
}

func (r *run) denseModel() (*onnxio.Model, error) {
	s := r.pool.Shape()
	if r.cfg.Model.File != "" {
		return onnxio.Load(r.cfg.Model.File)
	}
	m, err := models.Build(r.cfg.Model.Arch, models.Options{
		Classes: r.classes(), Input: [3]int{s.C, s.H, s.W}, Seed: r.cfg.Seed, Width: r.cfg.Model.Width,
	})
	if err != nil {
		return nil, err
	}
	return m, setPreprocess(m, r.pre)
}

// classes is how many the pool has, by name or by its highest label.
func (r *run) classes() int {
	if n := len(r.pool.Classes()); n > 0 {
		return n
	}
	most := 0
	for i := range r.pool.Len() {
		most = max(most, r.pool.Label(i))
	}
	return most + 1
}

// save writes a model into the run folder.
func (r *run) save(name string, m *onnxio.Model) error {
	m.SetProducer("prunefuse", Version)
	return m.Save(r.dir.Path(name), onnxio.SaveOptions{})
}

// The streams of randomness of a run, told apart so that a change in one
// leaves the others alone.
const (
	streamLimit uint64 = iota + 1
	streamInitial
	streamRandom
	streamSelector // and one more for each round
	streamFinal    = 1 << 32
)

// draw picks k of n indices without repetition, in random order.
func draw(seed, stream uint64, n, k int) []int {
	return rand.New(rand.NewPCG(seed, stream)).Perm(n)[:k]
}

// rest are the indices of the pool that are not labelled, ascending.
func (r *run) rest() []int {
	taken := make([]bool, r.pool.Len())
	for _, i := range r.labelled {
		taken[i] = true
	}
	var out []int
	for i, t := range taken {
		if !t {
			out = append(out, i)
		}
	}
	return out
}
