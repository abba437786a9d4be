package latency

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// Candidate is a model to time: a file or its bytes.
type Candidate struct {
	Name  string // in errors and in the Stats
	Path  string // of the model file, whose external data lies beside it
	Model []byte // the serialized model, without external data, where Path is ""
}

// Options say what a run is and how many there are. The zero value measures
// one sample for two seconds with all threads of the CPU.
type Options struct {
	Session ort.SessionOptions
	// Batch is the extent of the inputs' first axes where the models leave
	// it free; 0 is 1, or what Shapes says. A model whose first axes are all
	// fixed cannot run at another.
	Batch int64
	// Shapes gives the extents of inputs by name, for those that have more
	// free axes than the first.
	Shapes onnxio.InputShapes
	WarmUp int           // runs of each candidate before the clock counts; 0 is 3
	Rounds int           // measured runs of each; 0 is as many as fit into Budget
	Budget time.Duration // for all measured runs together; 0 is 2 s
	Seed   uint64        // of the inputs
}

// Where a budget and not a number of rounds is given, there are at least
// minRounds, without which a ratio has no interval, and at most maxRounds.
const (
	minRounds = 6
	maxRounds = 10000

	defaultWarmUp = 3
	defaultBudget = 2 * time.Second
)

// Compare measures the candidates, in rounds, with the same options. The
// Stats come in the candidates' order. It needs ONNX Runtime.
func Compare(ctx context.Context, candidates []Candidate, o Options) ([]Stats, error) {
	if o.Batch < 0 || o.WarmUp < 0 || o.Rounds < 0 || o.Budget < 0 {
		return nil, errors.New("measure latency: negative options")
	}
	if o.WarmUp == 0 {
		o.WarmUp = defaultWarmUp
	}
	if o.Budget == 0 {
		o.Budget = defaultBudget
	}
	var runs []*runner
	defer func() {
		for _, r := range runs {
			r.close()
		}
	}()
	for _, c := range candidates {
		r, err := open(c, o)
		if err != nil {
			return nil, fmt.Errorf("measure %s: %w", c.Name, err)
		}
		runs = append(runs, r)
	}
	if err := o.checkShapes(runs); err != nil {
		return nil, fmt.Errorf("measure latency: %w", err)
	}
	for range o.WarmUp {
		if err := round(ctx, runs, false); err != nil {
			return nil, err
		}
	}
	for _, r := range runs {
		r.Times = nil
	}
	start := time.Now()
	for i := 0; o.more(i, time.Since(start)); i++ {
		if err := round(ctx, runs, i%2 == 1); err != nil {
			return nil, err
		}
	}
	stats := make([]Stats, len(runs))
	for i, r := range runs {
		stats[i] = r.Stats
	}
	return stats, nil
}

// more reports whether another round is due.
func (o Options) more(done int, spent time.Duration) bool {
	if o.Rounds > 0 {
		return done < o.Rounds
	}
	return done < minRounds || done < maxRounds && spent < o.Budget
}

// round runs each candidate once.
func round(ctx context.Context, runs []*runner, backwards bool) error {
	for i := range runs {
		r := runs[i]
		if backwards {
			r = runs[len(runs)-1-i]
		}
		if err := r.run(ctx); err != nil {
			return fmt.Errorf("measure %s: %w", r.Name, err)
		}
	}
	return nil
}

// runner is a candidate ready to run, with its times so far.
type runner struct {
	Stats
	session *ort.Session
	in, out []*ort.Tensor
}

func open(c Candidate, o Options) (r *runner, err error) {
	r = &runner{Stats: Stats{Name: c.Name}}
	if c.Path != "" {
		r.session, err = ort.OpenSession(c.Path, o.Session)
	} else {
		r.session, err = ort.NewSession(c.Model, o.Session)
	}
	if err != nil {
		return nil, err
	}
	shapes, err := o.shapes(r.session.Inputs())
	if err != nil {
		r.close()
		return nil, err
	}
	r.Samples = samples(shapes)
	rng := rand.New(rand.NewPCG(o.Seed, 0x6c6174656e637900))
	for i, io := range r.session.Inputs() {
		t, err := ort.Random(rng, io.Elem, shapes[i]...)
		if err != nil {
			r.close()
			return nil, fmt.Errorf("input %q: %w", io.Name, err)
		}
		r.in = append(r.in, t)
	}
	r.out = make([]*ort.Tensor, len(r.session.Outputs()))
	return r, nil
}

// run runs once. The first run makes the outputs, in which those after it
// write.
func (r *runner) run(ctx context.Context) error {
	start := time.Now()
	if err := r.session.Run(ctx, r.in, r.out); err != nil {
		return err
	}
	r.Times = append(r.Times, time.Since(start))
	return nil
}

func (r *runner) close() {
	for _, t := range r.in {
		t.Close()
	}
	for _, t := range r.out {
		t.Close()
	}
	r.session.Close()
}
