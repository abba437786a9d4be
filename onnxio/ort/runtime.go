package ort

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
)

// Options say how to find the runtime. The zero value looks in the usual
// places and fetches silently.
type Options struct {
	Lib      string    // the library or its folder; nothing else is tried then
	Offline  bool      // do not fetch
	Progress io.Writer // gets one line when a fetch starts; nil for none
}

// Info is what is known of the runtime.
type Info struct {
	Version   string           `json:"version,omitempty"` // of the runtime; empty when none is loaded
	Library   string           `json:"library,omitempty"` // its path
	Source    string           `json:"source,omitempty"`  // how it was found
	Tried     []Place          `json:"tried"`             // in order, the one in use last
	Providers []ProviderStatus `json:"providers"`
	Threads   int              `json:"threads"` // a session's default
	GOOS      string           `json:"goos"`
	GOARCH    string           `json:"goarch"`
}

// ProviderStatus says whether a provider can be used, and if not why.
type ProviderStatus struct {
	Name      Provider `json:"name"`
	Available bool     `json:"available"`
	Problem   string   `json:"problem,omitempty"`
}

// library is a runtime in use.
type library struct{ path, source, version string }

// loaded is the runtime of this process: one for good, as other values point
// into it.
var loaded atomic.Pointer[library]

// search state of the process. The turn, not a mutex, guards it so that
// waiting for another goroutine's fetch can be cancelled.
var (
	turn  = make(chan struct{}, 1)
	tried []Place
)

var (
	errNotLoaded = fmt.Errorf("%w: none is loaded; call ort.Init first", ErrNoRuntime)
	errNoCgo     = fmt.Errorf("%w: this binary was built without cgo; build it with CGO_ENABLED=1 and a C compiler", ErrNoRuntime)
)

// ready returns the runtime in use.
func ready() (*library, error) {
	l := loaded.Load()
	switch {
	case !cgo:
		return nil, errNoCgo
	case l == nil:
		return nil, errNotLoaded
	}
	return l, nil
}

// Init loads the runtime, getting it first where there is none. It does
// nothing when the runtime is loaded already, except to refuse an
// opts.Lib that names another library. After a failure it may be called again.
// The error matches [ErrNoRuntime] and names every place looked at, unless ctx
// ended first.
func Init(ctx context.Context, opts Options) error {
	select {
	case turn <- struct{}{}:
		defer func() { <-turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !cgo {
		return errNoCgo
	}
	s := newSearch(opts.Lib)
	if l := loaded.Load(); l != nil {
		return s.sameLibrary(l.path)
	}
	l, places, err := s.locate(ctx, opts, goModDownload, loadLibrary)
	tried = places
	if err == nil {
		loaded.Store(l)
	}
	return err
}

// locate searches for a library that load accepts, then fetches one. load
// returns the version.
func (s search) locate(ctx context.Context, opts Options, get download, load func(path string) (string, error)) (*library, []Place, error) {
	var version string
	found, places, more := s.find(func(path string) (err error) {
		if path == s.library {
			if err := s.build.intact(path); err != nil {
				return err
			}
		}
		version, err = load(path)
		return err
	})
	if found != nil {
		return &library{found.Path, found.Source, version}, places, nil
	}
	if !more {
		return nil, places, noRuntime(places, true)
	}
	p := Place{Source: sourceModule, Path: s.build.module.path + "@" + moduleVersion}
	switch {
	case s.build.file == "":
		p.Path, p.Problem = runtime.GOOS+"/"+runtime.GOARCH, "no library for this platform is known"
	case opts.Offline:
		p.Problem = "not fetched when offline"
	default:
		if opts.Progress != nil {
			// A line that cannot be shown is no reason to go without a runtime.
			_, _ = fmt.Fprintf(opts.Progress, "getting ONNX Runtime %s from %s, once\n", fetchedVersion, p.Path)
		}
		path, err := s.build.fetch(ctx, get, s.library)
		if err == nil {
			version, err = load(path)
		}
		if ctx.Err() != nil {
			return nil, places, ctx.Err()
		}
		if err == nil {
			source := p.Source + " " + p.Path
			return &library{path, source, version}, append(places, Place{Source: source, Path: path}), nil
		}
		p.Problem = err.Error()
	}
	places = append(places, p)
	return nil, places, noRuntime(places, false)
}

// sameLibrary refuses an option that names another library than path: a
// process can hold only one.
func (s search) sameLibrary(path string) error {
	if s.option == "" {
		return nil
	}
	found, _, _ := search{option: s.option, names: s.names}.find(func(string) error { return nil })
	if found == nil || !sameFile(found.Path, path) {
		return fmt.Errorf("load %s: this process uses %s already", s.option, path)
	}
	return nil
}

// Describe reports the state that the last [Init] left. It loads no runtime,
// but asks one that is loaded for its providers, which may start a GPU.
func Describe() Info {
	turn <- struct{}{}
	defer func() { <-turn }()
	info := Info{
		Tried:   slices.Clone(tried),
		Threads: runtime.GOMAXPROCS(0),
		GOOS:    runtime.GOOS,
		GOARCH:  runtime.GOARCH,
	}
	l, err := ready()
	if err != nil {
		return info
	}
	info.Version, info.Library, info.Source = l.version, l.path, l.source
	cuda := ProviderStatus{Name: "cuda", Available: true}
	if err := probeCUDA(l, cuda.Name); err != nil {
		cuda.Available, cuda.Problem = false, err.Error()
	}
	info.Providers = []ProviderStatus{{Name: CPU, Available: true}, cuda}
	return info
}
