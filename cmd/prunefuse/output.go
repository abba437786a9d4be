package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
	"github.com/prunefuse/prunefuse/internal/suggest"
	"github.com/prunefuse/prunefuse/onnxio"
)

// stdStream is the file name that stands for stdout or stdin.
const stdStream = atomicfile.Stream

// open opens a file to read, or stdin.
func (g *globals) open(path string) (io.ReadCloser, error) {
	if path == stdStream {
		return io.NopCloser(g.stdin), nil
	}
	return os.Open(path)
}

// outputOptions are the flags of a command that writes files. A command with
// more than one output names the others to check.
type outputOptions struct {
	path  string
	force bool
}

func (o *outputOptions) addFlags(fs *pflag.FlagSet, usage string) {
	fs.StringVarP(&o.path, "output", "o", "", usage)
	fs.BoolVarP(&o.force, "force", "f", false, "replace outputs that exist")
	markIncidental(fs, "output", "force")
}

// check refuses, before any work, outputs that exist or cannot be written.
// Paths that are empty or stdout pass.
func (o *outputOptions) check(more ...string) error {
	seen := map[string]bool{}
	for _, path := range append([]string{o.path}, more...) {
		if path == "" || path == stdStream {
			continue
		}
		clean := filepath.Clean(path)
		if seen[clean] {
			return usagef("two outputs have the same name %s", path)
		}
		seen[clean] = true
		if err := atomicfile.CheckFolder(filepath.Dir(path)); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
		if err := o.absent(path); err != nil {
			return err
		}
	}
	return nil
}

// named is a file to write, by the flag that names it.
type named struct{ flag, path string }

// ending is what letters end a file's name.
var ending = regexp.MustCompile(`\.[A-Za-z][A-Za-z0-9]*$`)

// checkEnding refuses the name of a file whose ending belongs to another
// format than it is written in, such as .xlsx. A name without an ending, and
// stdout, pass.
func (n named) checkEnding(endings ...string) error {
	got := ending.FindString(filepath.Base(n.path))
	if got == "" || slices.Contains(endings, strings.ToLower(got)) {
		return nil
	}
	return usagef("%s %s: no %s is written here; %s", n.flag, n.path, got, suggest.Want(got, endings))
}

func (o *outputOptions) absent(path string) error {
	err := atomicfile.CheckAbsent(path, o.force)
	if errors.Is(err, atomicfile.ErrExists) {
		return fmt.Errorf("%w; --force (-f) replaces it", err)
	}
	return err
}

// modelOutput is the flags of a command that writes a model.
type modelOutput struct {
	outputOptions
	external bool
}

func (o *modelOutput) addFlags(fs *pflag.FlagSet) {
	o.outputOptions.addFlags(fs, "the model `file` to write")
	fs.BoolVar(&o.external, "external-data", false, "put the weights into a second file, named after the model with .data appended, as is done by itself where they exceed 2 GiB")
	markIncidental(fs, "external-data")
}

// check refuses outputs as outputOptions.check does. The model is required.
func (o *modelOutput) check(more ...string) error {
	switch {
	case o.path == "":
		return usagef("name the file to write with --output (-o)")
	case o.path == stdStream:
		return usagef("a model cannot be written to stdout; name a file with --output (-o)")
	case o.external:
		more = append(more, o.data())
	}
	if err := o.outputOptions.check(more...); err != nil {
		return err
	}
	return named{"--output", o.path}.checkEnding(".onnx")
}

// data is where the weights go that are not in the model file.
func (o *modelOutput) data() string { return o.path + ".data" }

// outputs are the files of one command, which appear together or not at all.
type outputs struct{ atomicfile.Group }

// outputs has no files yet; what goes to stdout is written at once.
func (g *globals) outputs() outputs { return outputs{atomicfile.Group{Stream: g.stdout}} }

// write adds a file; the name - is stdout.
func (o *outputs) write(path string, write func(io.Writer) error) error {
	return o.Write(path, 0o666, write)
}

// model adds a model and returns its size in bytes, weights included. One that
// does not fit into a file gets a second, which is told.
func (o *outputs) model(g *globals, m *onnxio.Model, to modelOutput) (int64, error) {
	size, err := m.Write(to.path, onnxio.SaveOptions{External: to.external}, o.write)
	if errors.Is(err, onnxio.ErrTooLarge) && !to.external {
		if err := to.absent(to.data()); err != nil {
			return 0, fmt.Errorf("save %s: the model exceeds 2 GiB and its weights go into a second file: %w", to.path, err)
		}
		g.note("the model exceeds 2 GiB: its weights are in %s", to.data())
		size, err = m.Write(to.path, onnxio.SaveOptions{External: true}, o.write)
	}
	if err != nil {
		return 0, fmt.Errorf("save %s: %w", to.path, err)
	}
	return size, nil
}
