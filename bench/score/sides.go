package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/scoring"
	"github.com/prunefuse/prunefuse/scoring/selection"
)

// network is a classifier of square images; weights do not matter for time.
type network struct {
	name   string
	side   int
	width  float64 // 0 is 1
	resize int     // shorter side before the crop; 0 takes images as they are
}

func (n network) build() (*onnxio.Model, error) {
	return models.Build(n.name, models.Options{Input: [3]int{3, n.side, n.side}, Width: n.width})
}

// subject is a network and a pool that is scored with it.
type subject struct {
	o     *options
	net   *onnxio.Model
	model *scoring.Model
	pool  *data.Prepared
}

func (o *options) open(ctx context.Context, n network, path string) (*subject, error) {
	s := &subject{o: o}
	var err error
	if s.net, err = n.build(); err != nil {
		return nil, err
	}
	opts := data.Options{Expect: data.Shape{3, n.side, n.side}, Color: "rgb", Implied: true}
	if n.resize > 0 {
		opts.Size, opts.Crop, opts.Expect = [2]int{n.resize, 0}, [2]int{n.side, n.side}, nil
	}
	set, err := data.Open(path, opts)
	if err != nil {
		return nil, err
	}
	pre, err := data.Preset("imagenet")
	if err != nil {
		return nil, err
	}
	if s.pool, err = data.Prepare(set, data.Preprocess{Mean: pre.Mean, Std: pre.Std}); err != nil {
		return nil, err
	}
	s.model, err = scoring.NewModel(ctx, s.net, o.model())
	return s, err
}

func (o *options) model() scoring.ModelOptions {
	return scoring.ModelOptions{Session: ort.SessionOptions{Threads: o.threads}, Lanes: o.lanes}
}

func (s *subject) close() {
	s.model.Close()
	data.Close(s.pool.Set)
}

func (s *subject) batch() int {
	if s.o.batch > 0 {
		return s.o.batch
	}
	return s.model.Batch()
}

// ours scores n samples, as prunefuse score does: all measures, written as
// lines of JSON, and the best 1,000 kept.
func (s *subject) ours(ctx context.Context, n int) (time.Duration, error) {
	o := scoring.Options{Batch: s.o.batch, Workers: s.o.threads, End: n}
	start := time.Now()
	err := score(ctx, s.model, s.pool, o)
	return time.Since(start), err
}

func score(ctx context.Context, c scoring.Classifier, p scoring.Pool, o scoring.Options) error {
	out := scoring.NewRecordWriter(io.Discard)
	best, err := selection.NewSelector(selection.Choice{Strategy: "margin", K: min(1000, p.Len())})
	if err != nil {
		return err
	}
	for r, err := range scoring.Score(ctx, c, p, o) {
		if err != nil {
			return err
		}
		if err := out.Write(r); err != nil {
			return err
		}
		if err := best.Add(r); err != nil {
			return err
		}
	}
	return out.Flush()
}

// alone runs the model on n samples that are ready.
func (s *subject) alone(ctx context.Context, n int) (time.Duration, error) {
	o := s.o.model()
	o.Session.Threads = max(1, s.o.threads/s.model.Lanes())
	session, err := ort.SessionOf(ctx, s.net, o.Session)
	if err != nil {
		return 0, err
	}
	defer session.Close()
	batch := int64(s.batch())
	var left atomic.Int64
	left.Store(int64(n))
	ready := make([]*lane, s.model.Lanes())
	for i := range ready {
		if ready[i], err = newLane(session, batch, s); err != nil {
			return 0, err
		}
		defer ready[i].close()
		if err := ready[i].run(ctx); err != nil { // weights are packed, memory is there
			return 0, err
		}
	}
	start := time.Now()
	err = together(len(ready), func(i int) error {
		for left.Add(-batch) > -batch {
			if err := ready[i].run(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	return time.Since(start), err
}

// lane is one goroutine's tensors.
type lane struct {
	session *ort.Session
	in, out []*ort.Tensor
}

func newLane(session *ort.Session, batch int64, s *subject) (*lane, error) {
	shape := []int64{batch}
	size := int(batch)
	for _, d := range s.model.InputShape() {
		shape = append(shape, int64(d))
		size *= d
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(i%255)/127 - 1
	}
	in, err := ort.NewTensor(shape, values)
	if err != nil {
		return nil, err
	}
	out, err := ort.Zeros(onnxio.Float32, batch, int64(s.model.Classes()))
	if err != nil {
		return nil, err
	}
	return &lane{session, []*ort.Tensor{in}, []*ort.Tensor{out}}, nil
}

func (l *lane) run(ctx context.Context) error { return l.session.Run(ctx, l.in, l.out) }

func (l *lane) close() {
	l.in[0].Close()
	l.out[0].Close()
}

// decode reads n samples on all cores and does nothing with them.
func (s *subject) decode(_ context.Context, n int) (time.Duration, error) {
	size := 1
	for _, d := range s.pool.Shape() {
		size *= d
	}
	var next atomic.Int64
	start := time.Now()
	err := together(s.o.threads, func(int) error {
		dst := make([]float32, size)
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return nil
			}
			if err := s.pool.Read(i, dst); err != nil {
				return err
			}
		}
	})
	return time.Since(start), err
}

// together runs n goroutines and gives the first error.
func together(n int, do func(i int) error) error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = do(i) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// side is what takes turns: it works on n samples and says how long it took.
type side func(ctx context.Context, n int) (time.Duration, error)

// turns lets the sides take turns on as many of at most limit samples as take
// the first one the time, and returns samples a second by side and round.
func (o *options) turns(ctx context.Context, limit int, sides ...side) ([][]float64, error) {
	n := min(limit, 16)
	for {
		took, err := sides[0](ctx, n)
		if err != nil {
			return nil, err
		}
		if n == limit || took >= o.time/2 {
			n = min(limit, max(1, int(float64(n)*o.time.Seconds()/took.Seconds())))
			break
		}
		n = min(limit, 4*n)
	}
	rates := make([][]float64, len(sides))
	for range o.rounds {
		for i, s := range sides {
			took, err := s(ctx, n)
			if err != nil {
				return nil, err
			}
			rates[i] = append(rates[i], float64(n)/took.Seconds())
		}
	}
	return rates, nil
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// ratio is the median of a[i]/b[i], whose terms were measured one right after
// the other.
func ratio(a, b []float64) float64 {
	var r []float64
	for i := range a {
		r = append(r, a[i]/b[i])
	}
	return median(r)
}

// modelBound is the case of samples that cost nothing to read.
func modelBound(n network) func(context.Context, *options, *result) error {
	return func(ctx context.Context, o *options, r *result) error {
		path, err := o.noise(n.side)
		if err != nil {
			return err
		}
		s, err := o.open(ctx, n, path)
		if err != nil {
			return err
		}
		defer s.close()
		rates, err := o.turns(ctx, s.pool.Len(), s.alone, s.ours)
		if err != nil {
			return err
		}
		r.Limit, r.Ours, r.Ratio = median(rates[0]), median(rates[1]), ratio(rates[1], rates[0])
		r.Batch, r.Lanes = s.batch(), s.model.Lanes()
		if o.peer {
			r.Peer, err = o.peerRate(ctx, n, "")
		}
		return err
	}
}

// jpegFolder is the case of images that have to be decoded. Folder makes or
// finds them.
func jpegFolder(n network, folder func(*options) (string, error)) func(context.Context, *options, *result) error {
	return func(ctx context.Context, o *options, r *result) error {
		path, err := folder(o)
		if err != nil {
			return err
		}
		s, err := o.open(ctx, n, path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		defer s.close()
		rates, err := o.turns(ctx, s.pool.Len(), s.alone, s.decode, s.ours)
		if err != nil {
			return err
		}
		slower := make([]float64, o.rounds)
		both := make([]float64, o.rounds)
		for i := range slower {
			model, decode := rates[0][i], rates[1][i]
			slower[i], both[i] = min(model, decode), 1/(1/model+1/decode)
		}
		r.Model, r.Decode, r.Ours = median(rates[0]), median(rates[1]), median(rates[2])
		r.Limit, r.Both, r.Ratio = median(slower), median(both), ratio(rates[2], slower)
		r.Batch, r.Lanes = s.batch(), s.model.Lanes()
		if o.peer {
			r.Peer, err = o.peerRate(ctx, n, path)
		}
		return err
	}
}
