package loop

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/loop/config"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/head"
	"github.com/prunefuse/prunefuse/pruning"
	"github.com/prunefuse/prunefuse/training"
)

// open opens the samples and the dense network.
func (b *workbench) open(ctx context.Context, c config.Config) error {
	m, in, err := b.openFile(c)
	if err != nil {
		return err
	}
	if err := b.openSets(c, in.Classes); err != nil {
		return err
	}
	if err := checkKnown(b.test, "the held-out samples are to have one each"); err != nil {
		return fmt.Errorf("data %s: %w", c.Test, err)
	}
	known := b.oracle == nil && !peopleLabel(c)
	if known {
		if err := checkKnown(b.pool, needsAll); err != nil {
			return err
		}
	}
	if err := b.limit(c); err != nil {
		return err
	}
	if known {
		b.oracle = Known{b.pool}
	}
	if err := b.measure(ctx, c, in.KnowsPixels); err != nil {
		return err
	}
	if err := b.openModel(c, m); err != nil {
		return err
	}
	if d := c.Final.Distill; d != nil && d.From != config.DistillSelector {
		classes := data.Classes{Names: b.pre.Classes, Count: b.classes}
		b.teacher, err = training.OpenTeacher(d.From, b.pre, classes, b.pool.Shape(), b.options.Note)
	}
	return err
}

// openFile reads the dense network where it is a file, nil where it is not. One
// that says how its input is to be prepared keeps its way.
func (b *workbench) openFile(c config.Config) (*onnxio.Model, data.Input, error) {
	file := c.Model.File
	if file == "" {
		return nil, data.Input{}, nil
	}
	m, err := onnxio.Load(file)
	if err != nil {
		return nil, data.Input{}, err
	}
	plan, err := pruning.ReadPlan(m)
	if err == nil && plan != nil {
		err = errors.New("it is a pruned network; a run starts from a dense one")
	}
	in, inputErr := data.InputOf(m)
	_, headErr := head.Find(m, "")
	if err = cmp.Or(err, inputErr, headErr); err != nil {
		return nil, in, fmt.Errorf("%s: %w", file, err)
	}
	b.pre = in.Preprocess
	return m, in, nil
}

// openSets opens the samples, prepared alike, with labels that are the numbers
// of the network's outputs.
func (b *workbench) openSets(c config.Config, model data.Classes) error {
	if err := c.Images.Apply(&b.pre); err != nil {
		return &config.Error{Reason: err.Error()}
	}
	o := data.Options{Implied: c.Images == config.Images{}, Note: b.options.Note}
	err := b.pre.ToSize(&o)
	if err != nil {
		return err
	}
	pool := o
	if peopleLabel(c) {
		pool.Labels = "none"
	}
	if b.pool, err = data.Open(c.Data, pool); err != nil {
		return err
	}
	if b.test, err = data.Open(c.Test, o); err != nil {
		return err
	}
	if !b.pool.Shape().Equal(b.test.Shape()) {
		return fmt.Errorf("%s has samples of %v, %s of %v", c.Data, b.pool.Shape(), c.Test, b.test.Shape())
	}
	return b.matchClasses(c, model)
}

// matchClasses goes by the names that the network's file carries, else by those that the
// configuration gives, else by those
// of the pool, else by those of the held-out samples.
func (b *workbench) matchClasses(c config.Config, model data.Classes) error {
	if own := (data.Classes{Names: c.Classes, Count: len(c.Classes)}); c.Classes != nil {
		if err := data.Same(model, own); err != nil {
			return &config.Error{Reason: fmt.Sprintf("classes: the network's, and the configuration's: %v", err)}
		}
		model = own
	}
	if model.Count == 0 && model.Names == nil {
		if model = data.ClassesOf(b.pool); model.Names == nil {
			model.Count = max(model.Count, data.ClassesOf(b.test).Count)
		}
	}
	for _, s := range []struct {
		name string
		set  *data.Set
	}{{c.Data, &b.pool}, {c.Test, &b.test}} {
		matched, err := data.Matched(*s.set, model)
		if mismatch := (*data.MismatchError)(nil); errors.As(err, &mismatch) {
			mismatch.Help = "give the classes of the data the names that the model has for them"
		}
		if err != nil {
			return fmt.Errorf("data %s: %w", s.name, err)
		}
		*s.set = matched
		if model.Names == nil {
			model.Names = matched.Classes()
		}
	}
	b.pre.Classes = model.Names
	b.classes = max(model.Count, len(model.Names))
	return nil
}

// limit takes the part of the pool that the configuration asks for.
func (b *workbench) limit(c config.Config) error {
	if n := c.Limit; n > 0 && n < b.pool.Len() {
		b.pool = data.Subset(b.pool, draw(c.Seed, streamLimit, b.pool.Len(), n))
	}
	labels := c.Labels()
	if most := labels[len(labels)-1]; most > b.pool.Len() {
		return &config.Error{Reason: fmt.Sprintf("label: %d labels in the end, but the pool has %d samples", most, b.pool.Len())}
	}
	return nil
}

// measure completes the preprocessing by what the samples are like.
func (b *workbench) measure(ctx context.Context, c config.Config, known bool) error {
	if !known {
		if err := b.pre.MeasureReadable(ctx, b.pool); err != nil {
			return fmt.Errorf("data %s: %w", c.Data, err)
		}
		return nil
	}
	if c.Images != (config.Images{}) {
		_, h, w, _ := b.pool.Shape().Image()
		b.pre.Size = [2]int{h, w}
	}
	return nil
}

// openModel makes the dense network, unless it is a file's.
func (b *workbench) openModel(c config.Config, m *onnxio.Model) (err error) {
	if m == nil {
		if m, err = b.build(c, c.Model.Arch, c.Model.Width); err != nil {
			return &config.Error{Reason: "model: " + err.Error()}
		}
	}
	b.dense, err = m, b.describe(m)
	return err
}

// build makes a network of the zoo for the samples.
func (b *workbench) build(c config.Config, arch string, width float64) (*onnxio.Model, error) {
	channels, h, w, ok := b.pool.Shape().Image()
	if !ok {
		return nil, fmt.Errorf("samples of %v are no images, which the architectures take; name a file with model.file", b.pool.Shape())
	}
	return models.Build(arch, models.Options{Classes: b.classes, Input: [3]int{channels, h, w}, Seed: c.Seed, Width: width})
}

// describe writes into a model how its input is prepared.
func (b *workbench) describe(m *onnxio.Model) error {
	if err := b.pre.Check(b.pool.Shape()); err != nil {
		return err
	}
	return b.pre.Write(m)
}

// inputs are digests of what the run reads: of a set, the names and labels of
// its samples in order; of the network, its fingerprint.
func (b *workbench) inputs(c config.Config) (map[string]string, error) {
	out := map[string]string{c.Data: digest(b.pool), c.Test: digest(b.test)}
	sum, err := b.dense.Fingerprint()
	if out[cmp.Or(c.Model.File, DenseFile)] = sum; err == nil && b.teacher != nil {
		out[c.Final.Distill.From], err = b.teacher.Model.Fingerprint()
	}
	return out, err
}

func digest(s data.Set) string {
	h := sha256.New()
	var line []byte
	for i := range s.Len() {
		line = strconv.AppendInt(line[:0], int64(s.Label(i)), 10)
		line = append(strconv.AppendQuote(append(line, ' '), s.ID(i)), '\n')
		_, _ = h.Write(line)
	}
	return hex.EncodeToString(h.Sum(nil))
}
