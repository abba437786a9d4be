package prunefuse

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/report"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/internal/version"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/pruning"
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
// networks, a report page and its numbers in the run folder. ort.Init must
// have succeeded. The folder is locked while the run lasts. A run that is interrupted keeps every finished
// round, and Resume goes on behind the last.
func Run(ctx context.Context, c config.Config, o RunOptions) error {
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
	cfg  config.Config
	opts RunOptions
	dir  *rundir.Dir
	rep  *report.Report

	pool, test data.Set
	classes    int // of pool and test together
	pre        data.Preprocess
	given      *onnxio.Model // the file of the dense network, nil where it is built
	carried    bool          // pre is that file's

	dense      *network // untrained, as built or given
	parent     *network // what the selector is pruned from and fused into
	parentName string   // its file in the run folder
	start      *network // pruned, untrained: where every selector starts
	deploy     *network // exported
	labelled   []int    // of the pool, in the order of labelling
	rounds     []round
}

// network is a model with what the ledger and the report need of it.
type network struct {
	model  *onnxio.Model
	role   string
	macs   int64 // of one image
	params int64
}

func newRun(ctx context.Context, c config.Config, o RunOptions) (*run, error) {
	r := &run{cfg: c, opts: o}
	if err := r.openFile(); err != nil {
		return nil, err
	}
	if err := r.openData(ctx); err != nil {
		return nil, errors.Join(err, r.close())
	}
	if err := r.openModel(); err != nil {
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

// openSets opens the samples, prepared alike.
func (r *run) openSets() error {
	if err := r.cfg.Images.Apply(&r.pre); err != nil {
		return &config.ConfigError{Reason: err.Error()}
	}
	o := data.Options{Implied: r.cfg.Images == config.Images{}}
	err := r.pre.ToSize(&o)
	if err != nil {
		return err
	}
	if r.pool, err = data.Open(r.cfg.Data, o); err != nil {
		return err
	}
	if r.test, err = data.Open(r.cfg.Test, o); err != nil {
		return err
	}
	if !r.pool.Shape().Equal(r.test.Shape()) {
		return fmt.Errorf("%s has samples of %v, %s of %v", r.cfg.Data, r.pool.Shape(), r.cfg.Test, r.test.Shape())
	}
	return r.matchClasses()
}

// matchClasses numbers the labels of both sets as the network's outputs are: by
// the names that its file carries, else by those of the pool.
func (r *run) matchClasses() (err error) {
	classes := data.ClassesOf(r.pool)
	if r.given != nil {
		in, err := data.InputOf(r.given)
		if err != nil {
			return fmt.Errorf("%s: %w", r.cfg.Model.File, err)
		}
		classes = in.Classes
	} else if classes.Names == nil {
		classes.Count = max(classes.Count, data.ClassesOf(r.test).Count)
	}
	for _, s := range []struct {
		name string
		set  *data.Set
	}{{r.cfg.Data, &r.pool}, {r.cfg.Test, &r.test}} {
		matched, err := data.Matched(*s.set, classes)
		if err != nil {
			return fmt.Errorf("data %s: %w", s.name, err)
		}
		*s.set = matched
		if classes.Names == nil {
			classes.Names = matched.Classes()
		}
	}
	r.pre.Classes = classes.Names
	return nil
}

func (r *run) openData(ctx context.Context) (err error) {
	if err := r.openSets(); err != nil {
		return err
	}
	r.classes = 1
	for _, s := range []data.Set{r.pool, r.test} {
		for i := range s.Len() {
			if s.Label(i) < 0 {
				return fmt.Errorf("sample %s has no label; a run simulates labelling and needs them all", s.ID(i))
			}
			r.classes = max(r.classes, s.Label(i)+1, len(s.Classes()))
		}
	}
	if n := r.cfg.Limit; n > 0 && n < r.pool.Len() {
		r.pool = data.Subset(r.pool, draw(r.cfg.Seed, streamLimit, r.pool.Len(), n))
	}
	labels := r.cfg.Labels()
	if most := labels[len(labels)-1]; most > r.pool.Len() {
		return &config.ConfigError{Reason: fmt.Sprintf("label: %d labels in the end, but the pool has %d samples", most, r.pool.Len())}
	}
	_, h, w, _ := r.pool.Shape().Image()
	size := [2]int{h, w}
	if r.carried {
		if r.cfg.Images != (config.Images{}) {
			r.pre.Size = size
		}
		return nil
	}
	if r.pre.Mean, r.pre.Std, err = data.Stats(ctx, r.pool, statsSamples); err != nil {
		return fmt.Errorf("data %s: %w", r.cfg.Data, err)
	}
	r.pre.Layout = cmp.Or(r.pre.Layout, "NCHW")
	r.pre.Size = size
	return nil
}

// statsSamples is how many samples the normalisation is measured on.
const statsSamples = 5000

// openFile reads the dense network where it is a file. One that says how its
// input is to be prepared keeps its way.
func (r *run) openFile() (err error) {
	file := r.cfg.Model.File
	if file == "" {
		return nil
	}
	if r.given, err = onnxio.Load(file); err != nil {
		return err
	}
	if plan, err := pruning.ReadPlan(r.given); err != nil || plan != nil {
		return errors.Join(err, fmt.Errorf("%s is a pruned network; a run starts from a dense one", file))
	}
	in, err := data.InputOf(r.given)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	r.pre, r.carried = in.Preprocess, in.KnowsPixels
	return nil
}

// openModel makes the dense network, unless it is a file's.
func (r *run) openModel() (err error) {
	m := r.given
	if m == nil {
		c, h, w, ok := r.pool.Shape().Image()
		if !ok {
			return fmt.Errorf("data %s: samples of %v are no images, which the architectures take; name a file with model.file", r.cfg.Data, r.pool.Shape())
		}
		m, err = models.Build(r.cfg.Model.Arch, models.Options{
			Classes: r.classes, Input: [3]int{c, h, w}, Seed: r.cfg.Seed, Width: r.cfg.Model.Width,
		})
		if err != nil {
			return &config.ConfigError{Reason: "model: " + err.Error()}
		}
	}
	if err := r.pre.Check(r.pool.Shape()); err != nil {
		return err
	}
	if err := r.pre.Write(m); err != nil {
		return err
	}
	r.dense, err = newNetwork(m, "dense")
	return err
}

// products are the files at the top of a run folder that a run writes.
var products = []string{DenseFile, SelectorFile, FusedInitFile, FusedFile, DeployFile, report.HTMLName, report.JSONName}

func (r *run) openDir() error {
	inputs, err := r.inputs()
	if err != nil {
		return err
	}
	info := rundir.Info{
		Command: r.opts.Command, Seed: r.cfg.Seed, Config: r.cfg, Inputs: inputs,
		Versions: map[string]string{"prunefuse": version.Version, "onnxruntime": ort.Describe().Version},
	}
	if r.opts.Resume {
		return r.reopen(inputs)
	}
	for _, name := range products {
		if err := atomicfile.CheckAbsent(filepath.Join(r.opts.Dir, name), r.opts.Force); err != nil {
			return err
		}
	}
	if r.dir, err = rundir.Create(r.opts.Dir, info, r.opts.Force); err != nil {
		return err
	}
	for _, name := range products {
		if err := os.Remove(r.dir.Path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// reopen takes up the run in the folder, which must be the same one.
func (r *run) reopen(inputs map[string]string) (err error) {
	if r.dir, err = rundir.Open(r.opts.Dir); err != nil {
		return err
	}
	var was struct {
		Config config.Config     `json:"config"`
		Inputs map[string]string `json:"inputs"`
	}
	if err := rundir.ReadJSON(r.dir.Path("run.json"), &was); err != nil {
		return err
	}
	if !sameConfig(was.Config, r.cfg) {
		return fmt.Errorf("%s holds a run of another configuration; resume with its own, or start anew with -f", r.opts.Dir)
	}
	for name, sum := range inputs {
		if was.Inputs[name] != sum {
			return fmt.Errorf("%s has changed since the run in %s began; start anew with -f", name, r.opts.Dir)
		}
	}
	return nil
}

// inputs are digests of what the run reads: of a set, the names and labels
// of its samples in order; of the network, its fingerprint.
func (r *run) inputs() (map[string]string, error) {
	out := map[string]string{}
	for name, s := range map[string]data.Set{r.cfg.Data: r.pool, r.cfg.Test: r.test} {
		h := sha256.New()
		for i := range s.Len() {
			_, _ = fmt.Fprintf(h, "%d %q\n", s.Label(i), s.ID(i))
		}
		out[name] = hex.EncodeToString(h.Sum(nil))
	}
	sum, err := r.dense.model.Fingerprint()
	out[DenseFile] = sum
	return out, err
}

// whole is the method from the first label to the report.
func (r *run) whole(ctx context.Context) error {
	if err := r.build(); err != nil {
		return err
	}
	for k := range r.cfg.Labels() {
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
	if err := r.writeReport(); err != nil {
		return err
	}
	return r.dir.Append("done", nil)
}

// build writes the dense network, draws the first labels and prunes the
// first selector.
func (r *run) build() error {
	r.parent, r.parentName = r.dense, DenseFile
	if err := r.save(DenseFile, r.dense.model); err != nil {
		return err
	}
	r.labelled = draw(r.cfg.Seed, streamInitial, r.pool.Len(), r.cfg.Label.Initial)
	return r.prune(&r.rep.Ledger)
}

// save writes a model into the run folder.
func (r *run) save(name string, m *onnxio.Model) error {
	m.SetProducer("prunefuse", version.Version)
	m.SetMeta("prunefuse.version", version.Version)
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
