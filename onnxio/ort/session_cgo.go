//go:build cgo

package ort

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	ortgo "github.com/yalue/onnxruntime_go"

	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

type nativeSession struct {
	session *ortgo.DynamicAdvancedSession

	mu   sync.Mutex
	idle []*call
}

// call is what one run needs beside its tensors, kept for the next.
type call struct {
	in, out []ortgo.Value
	opts    *ortgo.RunOptions
	stop    func() // stops the run, from another goroutine
	stopped chan struct{}
}

func newNativeSession(l *library, model []byte, path string, ins, outs []IO, opts SessionOptions) (*nativeSession, error) {
	o, err := nativeOptions(l, opts)
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	if imports(model, kernel.Domain) {
		if err := addKernels(l, o, opts.Threads); err != nil {
			return nil, err
		}
	}
	n := &nativeSession{}
	if path == "" {
		n.session, err = ortgo.NewDynamicAdvancedSessionWithONNXData(model, names(ins), names(outs), o)
	} else {
		n.session, err = ortgo.NewDynamicAdvancedSession(path, names(ins), names(outs), o)
	}
	if err != nil {
		return nil, asError(nativeMessage(err))
	}
	return n, nil
}

func names(values []IO) []string {
	s := make([]string, len(values))
	for i, v := range values {
		s[i] = v.Name
	}
	return s
}

func nativeOptions(l *library, opts SessionOptions) (*ortgo.SessionOptions, error) {
	o, err := ortgo.NewSessionOptions()
	if err != nil {
		return nil, err
	}
	level, ok := map[Optimization]ortgo.GraphOptimizationLevel{
		OptimizeAll:      ortgo.GraphOptimizationLevelEnableAll,
		OptimizeExtended: ortgo.GraphOptimizationLevelEnableExtended,
		OptimizeBasic:    ortgo.GraphOptimizationLevelEnableBasic,
		OptimizeNone:     ortgo.GraphOptimizationLevelDisableAll,
	}[opts.Optimization]
	if !ok {
		err = fmt.Errorf("unknown optimization level %d", opts.Optimization)
	}
	for _, set := range []func() error{
		func() error { return o.SetGraphOptimizationLevel(level) },
		func() error { return o.SetIntraOpNumThreads(opts.Threads) },
		func() error { return o.SetInterOpNumThreads(1) },
		func() error { return o.SetLogSeverityLevel(ortgo.LoggingLevelFatal) },
		// Between runs the processor belongs to whoever prepares the next batch.
		func() error { return o.AddSessionConfigEntry("session.force_spinning_stop", "1") },
		func() error {
			if opts.Profile == "" {
				return nil
			}
			return o.EnableProfiling(opts.Profile)
		},
		func() error { return appendCUDA(l, o, opts.Provider, opts.TF32) },
	} {
		if err == nil {
			err = set()
		}
	}
	if err != nil {
		o.Destroy()
		return nil, err
	}
	return o, nil
}

func (n *nativeSession) close() error {
	for _, c := range n.idle {
		c.opts.Destroy()
	}
	n.idle = nil
	return n.session.Destroy()
}

func (n *nativeSession) take() (*call, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if k := len(n.idle) - 1; k >= 0 {
		c := n.idle[k]
		n.idle = n.idle[:k]
		return c, nil
	}
	opts, err := ortgo.NewRunOptions()
	if err != nil {
		return nil, err
	}
	c := &call{opts: opts, stopped: make(chan struct{}, 1)}
	c.stop = func() {
		_ = c.opts.Terminate() // fails only on options that are not there
		c.stopped <- struct{}{}
	}
	return c, nil
}

func (n *nativeSession) put(c *call) {
	clear(c.in)
	clear(c.out)
	c.in, c.out = c.in[:0], c.out[:0]
	n.mu.Lock()
	defer n.mu.Unlock()
	n.idle = append(n.idle, c)
}

// run computes the outputs and fills the nil ones. The tensors are checked and
// claimed already; those it makes come back claimed.
func (n *nativeSession) run(ctx context.Context, in, out []*Tensor) error {
	c, err := n.take()
	if err != nil {
		return err
	}
	defer n.put(c)
	defer func() {
		dropScalars(c.in, in)
		dropScalars(c.out, out)
	}()
	if c.in, err = appendValues(c.in, in); err != nil {
		return err
	}
	if c.out, err = appendValues(c.out, out); err != nil {
		return err
	}
	if err := c.runNative(ctx, n.session); err != nil {
		return c.failed(err, out)
	}
	for i, t := range out {
		if t != nil {
			if t.native.scalar != nil {
				t.native.scalar.store(c.out[i])
			}
			continue
		}
		made, adoptErr := adopt(c.out[i])
		if adoptErr != nil {
			err = fmt.Errorf("output %d: %w", i, adoptErr)
			continue
		}
		made.use.Store(writing)
		out[i] = made
	}
	return err
}

// runNative runs until the end or until ctx ends.
func (c *call) runNative(ctx context.Context, session *ortgo.DynamicAdvancedSession) error {
	if ctx.Done() == nil {
		return session.RunWithOptions(c.in, c.out, c.opts)
	}
	unwatch := context.AfterFunc(ctx, c.stop)
	err := session.RunWithOptions(c.in, c.out, c.opts)
	if !unwatch() {
		<-c.stopped
		if unsetErr := c.opts.UnsetTerminate(); err == nil {
			err = unsetErr
		}
	}
	return err
}

// failed destroys the values that the binding made before it failed, and says
// which output it was where that can be mended.
func (c *call) failed(err error, out []*Tensor) error {
	mendable := -1
	for i, v := range c.out {
		switch {
		case out[i] != nil || v == nil:
		case reflect.ValueOf(v).IsNil(): // the binding leaves a typed nil where it failed
			mendable = i
		default:
			v.Destroy()
		}
	}
	if mendable >= 0 && errors.Is(err, ortgo.ZeroShapeLengthError) {
		return undeclaredScalar(mendable)
	}
	return asError(nativeMessage(err))
}

// appendValues gives the runtime's view of each tensor, nil for nil. Scalars
// get a new value, which dropScalars destroys.
func appendValues(values []ortgo.Value, tensors []*Tensor) ([]ortgo.Value, error) {
	for _, t := range tensors {
		var v ortgo.Value
		switch {
		case t == nil:
		case t.native.scalar == nil:
			v = t.native.value
		default:
			var err error
			if v, err = t.native.scalar.load(); err != nil {
				return values, asError(nativeMessage(err))
			}
		}
		values = append(values, v)
	}
	return values, nil
}

func dropScalars(values []ortgo.Value, tensors []*Tensor) {
	for i, v := range values {
		if tensors[i] != nil && tensors[i].native.scalar != nil {
			v.Destroy()
		}
	}
}
