package ort

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prunefuse/prunefuse/onnxio"
)

// Optimization is how far the runtime rewrites a graph before running it.
type Optimization int

// Levels of optimization. The lower ones keep results closer to the graph as
// written, which matters when two graphs are compared bit for bit.
const (
	OptimizeAll Optimization = iota
	OptimizeExtended
	OptimizeBasic
	OptimizeNone
)

// SessionOptions say how a session runs. The zero value is the CPU with all
// the threads the process may use.
type SessionOptions struct {
	Provider     Provider     // where to compute
	Threads      int          // within one operator; 0 is runtime.GOMAXPROCS
	Optimization Optimization // of the graph
	TF32         bool         // let a GPU round float32 products to TF32
	Outputs      []string     // the outputs to compute, in this order; nil is all
	Profile      string       // prefix of a JSON profile that Close writes
	Scratch      string       // folder for what SessionOf writes; empty is os.TempDir
}

// Session is a model ready to run. It may be used by several goroutines.
type Session struct {
	ins, outs []IO
	scalar    []atomic.Bool // outputs of no declared rank that were scalars once
	mu        sync.RWMutex  // held for reading by runs, for writing by Close
	native    *nativeSession
	scratch   string // a folder to remove; empty is none
}

// ErrClosed is what errors.Is finds after a run of a closed session.
var ErrClosed = errors.New("session is closed")

// NewSession makes a session of a serialized model without external data. The
// bytes are not kept. [Init] must have succeeded.
func NewSession(model []byte, opts SessionOptions) (*Session, error) {
	s, err := newSession(model, "", opts)
	if err != nil {
		return nil, fmt.Errorf("create session: %w", err)
	}
	return s, nil
}

// OpenSession makes a session of a model file; external data is found relative
// to the file.
func OpenSession(path string, opts SessionOptions) (*Session, error) {
	model, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := newSession(model, path, opts)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return s, nil
}

func newSession(model []byte, path string, opts SessionOptions) (*Session, error) {
	l, err := ready()
	if err != nil {
		return nil, err
	}
	ins, outs, err := signature(model)
	if err != nil {
		return nil, err
	}
	if len(ins) == 0 {
		return nil, errors.New("the model has no inputs")
	}
	if outs, err = chooseOutputs(outs, opts.Outputs); err != nil {
		return nil, err
	}
	for _, v := range slices.Concat(ins, outs) {
		if !supported(v.Elem) {
			return nil, fmt.Errorf("%q is a %s, which sessions do not take", v.Name, v.Elem)
		}
	}
	if opts.Provider, err = ParseProvider(string(opts.Provider)); err != nil {
		return nil, err
	}
	switch {
	case opts.Threads < 0:
		return nil, fmt.Errorf("%d threads: want 0 or more", opts.Threads)
	case opts.Threads == 0:
		opts.Threads = runtime.GOMAXPROCS(0)
	}
	s := &Session{ins: ins, outs: outs, scalar: make([]atomic.Bool, len(outs))}
	s.native, err = newNativeSession(l, model, path, ins, outs, opts)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func chooseOutputs(outs []IO, names []string) ([]IO, error) {
	if names == nil && len(outs) > 0 {
		return outs, nil
	}
	var chosen []IO
	for i, name := range names {
		k := slices.IndexFunc(outs, func(v IO) bool { return v.Name == name })
		if k < 0 {
			return nil, fmt.Errorf("output %q is not in the model, which has %s", name, nameList(outs))
		}
		if slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("output %q is asked for twice", name)
		}
		chosen = append(chosen, outs[k])
	}
	if len(chosen) == 0 {
		return nil, errors.New("no outputs to compute")
	}
	return chosen, nil
}

func nameList(values []IO) string {
	const most = 8
	var names []string
	for i, v := range values {
		if i == most {
			names = append(names, "…")
			break
		}
		names = append(names, fmt.Sprintf("%q", v.Name))
	}
	return strings.Join(names, ", ")
}

func supported(e onnxio.Elem) bool {
	return e == onnxio.Float16 || e == onnxio.Float32 || e == onnxio.Float64 || e.Int()
}

// Inputs are what Run takes, in order; the caller must not change the slice.
func (s *Session) Inputs() []IO { return s.ins }

// Outputs are what Run gives, in order; the caller must not change the slice.
func (s *Session) Outputs() []IO { return s.outs }

// Run computes out from in, both in the session's order. A nil output is
// replaced by a new tensor, which costs an allocation and a copy; others are
// written in place and must have the shape the model gives. A tensor may be
// several inputs but not both input and output.
//
// When ctx ends, the run stops before its next operator and Run returns
// ctx.Err(). After an error the outputs hold nothing of use.
func (s *Session) Run(ctx context.Context, in, out []*Tensor) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.native == nil {
		return ErrClosed
	}
	if err := s.check(in, out); err != nil {
		return fmt.Errorf("run session: %w", err)
	}
	err := s.attempt(ctx, in, out)
	for range s.outs { // each attempt may find one more scalar
		if err == nil {
			break
		}
		var i undeclaredScalar
		if !errors.As(err, &i) {
			break
		}
		s.scalar[i].Store(true)
		err = s.attempt(ctx, in, out)
	}
	if err != nil {
		if ctxErr := ctx.Err(); ctxErr != nil {
			return ctxErr
		}
		return fmt.Errorf("run session: %w", err)
	}
	return nil
}

// undeclaredScalar is the error for the output of this index, which only the
// run showed to be a scalar. Those must be made before the run.
type undeclaredScalar int

func (i undeclaredScalar) Error() string { return fmt.Sprintf("output %d is a scalar", int(i)) }

// attempt runs once. It changes out only on success.
func (s *Session) attempt(ctx context.Context, in, out []*Tensor) error {
	full, err := s.complete(in, out)
	if err == nil {
		if err = s.claim(in, full); err == nil {
			err = s.native.run(ctx, in, full)
			releaseAll(in)
			releaseAll(full)
		}
	}
	if err == nil {
		copy(out, full)
		return nil
	}
	for i, t := range full {
		if out[i] == nil {
			t.Close()
		}
	}
	return err
}

// complete makes the outputs that cannot be made after the run: scalars and
// float16. It returns out itself when nothing is missing.
func (s *Session) complete(in, out []*Tensor) ([]*Tensor, error) {
	if !slices.Contains(out, nil) {
		return out, nil
	}
	full := slices.Clone(out)
	for i, t := range out {
		io := s.outs[i]
		scalar := s.scalar[i].Load() || io.Shape != nil && len(io.Shape) == 0
		if t != nil || !scalar && io.Elem != onnxio.Float16 {
			continue
		}
		var shape []int64
		if !scalar {
			var ok bool
			if shape, ok = s.resolve(io, in); !ok {
				return full, fmt.Errorf("output %q: no shape is known for %s%s; give a tensor", io.Name, io.Elem, io.Shape)
			}
		}
		var err error
		if full[i], err = Zeros(io.Elem, shape...); err != nil {
			return full, fmt.Errorf("output %q: %w", io.Name, err)
		}
	}
	return full, nil
}

func (s *Session) check(in, out []*Tensor) error {
	if len(in) != len(s.ins) {
		return fmt.Errorf("%d inputs given, want %d: %s", len(in), len(s.ins), nameList(s.ins))
	}
	if len(out) != len(s.outs) {
		return fmt.Errorf("%d outputs given, want %d: %s", len(out), len(s.outs), nameList(s.outs))
	}
	for i, t := range in {
		if t == nil {
			return fmt.Errorf("input %q is nil", s.ins[i].Name)
		}
		if err := s.ins[i].accepts(t); err != nil {
			return fmt.Errorf("input %q: %w", s.ins[i].Name, err)
		}
	}
	for i, t := range out {
		if t == nil {
			continue
		}
		if err := s.outs[i].accepts(t); err != nil {
			return fmt.Errorf("output %q: %w", s.outs[i].Name, err)
		}
	}
	return nil
}

// accepts compares a tensor with what the model declares. Named extents are
// left to the runtime.
func (io IO) accepts(t *Tensor) error {
	ok := t.elem == io.Elem && (io.Shape == nil || len(t.shape) == len(io.Shape))
	for i := 0; ok && i < len(io.Shape); i++ {
		ok = !io.Shape[i].IsKnown() || io.Shape[i].Is(t.shape[i])
	}
	if !ok {
		return fmt.Errorf("tensor is %s, want %s%s", t, io.Elem, io.Shape)
	}
	return nil
}

// claim takes the tensors for this run, all or none.
func (s *Session) claim(in, out []*Tensor) error {
	for i, t := range in {
		if err := t.read(); err != nil {
			releaseAll(in[:i])
			return fmt.Errorf("input %q: %w", s.ins[i].Name, err)
		}
	}
	for i, t := range out {
		if t == nil {
			continue
		}
		if err := t.write(); err != nil {
			releaseAll(in)
			releaseAll(out[:i])
			return fmt.Errorf("output %q: %w", s.outs[i].Name, err)
		}
	}
	return nil
}

func releaseAll(tensors []*Tensor) {
	for _, t := range tensors {
		if t != nil {
			t.release()
		}
	}
}

// resolve returns the shape of an output whose every extent is a number or the
// name of an extent of an input; ok is false for others.
func (s *Session) resolve(output IO, in []*Tensor) (shape []int64, ok bool) {
	if output.Shape == nil {
		return nil, false
	}
	for _, d := range output.Shape {
		n, known := d.Value()
		for i := 0; i < len(in) && !known; i++ {
			if axis := slices.Index(s.ins[i].Shape, d); axis >= 0 && !strings.HasPrefix(d.String(), "?") {
				n, known = in[i].shape[axis], true
			}
		}
		if !known {
			return nil, false
		}
		shape = append(shape, n)
	}
	return shape, true
}

// Close waits for runs to end and releases the session. It may be called
// again, and on nil.
func (s *Session) Close() error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.native == nil {
		return nil
	}
	err := s.native.close()
	s.native = nil
	if s.scratch != "" {
		os.RemoveAll(s.scratch)
	}
	return err
}
