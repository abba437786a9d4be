package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

// globals is what every command knows: the persistent flags and the streams.
type globals struct {
	provider string
	threads  int
	seed     uint64
	json     bool
	quiet    bool
	verbose  bool
	ortLib   string

	args           []string // the command line
	stdin          io.Reader
	stdout, stderr io.Writer
	notes          notes
	lost           int // samples of the data that are not read
}

func (g *globals) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&g.provider, "provider", "cpu", "`where` to compute: cpu, cuda or cuda:N")
	fs.IntVar(&g.threads, "threads", 0, "threads within one operator; 0 is one a core")
	fs.Uint64Var(&g.seed, "seed", 0, "seed of everything random; the same seed gives the same files")
	fs.BoolVar(&g.json, "json", false, "print the result as JSON, and errors too")
	fs.BoolVarP(&g.quiet, "quiet", "q", false, "show no progress and no notes; the JSON result holds its notes all the same")
	fs.BoolVarP(&g.verbose, "verbose", "v", false, "say more about what is done")
	fs.StringVar(&g.ortLib, "ort-lib", "", "the ONNX Runtime library, or its `folder`")
	markIncidental(fs, "provider", "threads", "json", "quiet", "verbose", "ort-lib")
}

// settle takes the environment for persistent flags that are not given, and
// checks the flags that all commands share.
func (g *globals) settle(cmd *cobra.Command) error {
	var problem error
	cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
		name := "PRUNEFUSE_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if value := os.Getenv(name); value != "" && !f.Changed {
			if err := cmd.Flags().Set(f.Name, value); err != nil {
				problem = errors.Join(problem, usagef("environment variable %s: %w", name, err))
			}
		}
	})
	if problem != nil {
		return problem
	}
	if _, err := ort.ParseProvider(g.provider); err != nil {
		return usagef("--provider: %w", err)
	}
	if g.threads < 0 {
		return usagef("--threads %d: want 0 or more", g.threads)
	}
	if g.quiet && g.verbose {
		return usagef("--quiet and --verbose exclude each other")
	}
	return nil
}

// session is how sessions of this command run.
func (g *globals) session() ort.SessionOptions {
	provider, err := ort.ParseProvider(g.provider)
	if err != nil {
		panic("BUG: provider was not checked: " + err.Error())
	}
	return ort.SessionOptions{Provider: provider, Threads: g.threads}
}

// sessionBeside is session for work whose result goes to a file: models too
// large for memory go to its folder for a while.
func (g *globals) sessionBeside(output string) ort.SessionOptions {
	o := g.session()
	o.Scratch = filepath.Dir(output)
	return o
}

// startRuntime loads ONNX Runtime.
func (g *globals) startRuntime(ctx context.Context) error {
	o := ort.Options{Lib: g.ortLib}
	if !g.quiet && !g.json {
		o.Progress = g.stderr
	}
	if err := ort.Init(ctx, o); err != nil {
		return err
	}
	if g.verbose {
		info := ort.Describe()
		g.detail("ONNX Runtime %s from %s (%s)", info.Version, info.Library, info.Source)
	}
	return nil
}

// loads refuses a model that the runtime refuses, where one is on this machine.
func (g *globals) loads(ctx context.Context, m *onnxio.Model, output string) error {
	if err := ort.Init(ctx, ort.Options{Lib: g.ortLib, Offline: true}); err != nil {
		g.detail("not loaded to see that it can be: %v", err)
		return ctx.Err()
	}
	return op.Blame(m, ort.Loads(ctx, m, g.sessionBeside(output)))
}

// terminal is the command's progress display. Close it before printing.
func (g *globals) terminal(ctx context.Context) *term.Term {
	return term.New(ctx, g.stderr, term.Options{Quiet: g.quiet, JSON: g.json})
}

// detail tells what -v asks for.
func (g *globals) detail(format string, args ...any) {
	if g.verbose && !g.json {
		_, _ = fmt.Fprintf(g.stderr, "%s\n", oneLine(fmt.Sprintf(format, args...)))
	}
}
