// Command prune prunes every ONNX file of some folders, proves each result and
// prints a table of what came of it:
//
//	go run ./bench/prune [-ratio 0.5] [-criterion l2] [-json] FILE|FOLDER ...
//
// The written file is run against the masked original, as its plan, read from the
// file, says what to mask; and pruning by that plan has to give the same network.
//
// Each model is pruned in a process of its own, so that its peak memory is
// its own and one that fails spoils no other. Time is from the start of
// reading the file to the pruned file on disk, memory the most that was
// resident until then; both without the verification, which runs the written
// file. A network that Torch-Pruning's figures are known for is compared with
// them. The exit status is 1 when any model failed.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/prunefuse/prunefuse/bench/internal/cli"
	"github.com/prunefuse/prunefuse/onnxio"
)

type options struct {
	ratio     float64
	criterion string
	roundTo   int
	inputs    int
	verify    bool
	timeout   time.Duration
	texts     []string // of -input-shape
	shapes    onnxio.InputShapes
	json      bool
	one       bool // this process is for one model
}

func main() { cli.Main("prune", run) }

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	fs := flag.NewFlagSet("prune", flag.ExitOnError)
	fs.Float64Var(&o.ratio, "ratio", 0.5, "fraction of the channels to remove from every group")
	fs.IntVar(&o.roundTo, "round-to", 0, "keep a multiple of so many channels of each group; 0 is any number")
	fs.StringVar(&o.criterion, "criterion", "", "what says which channels go first; empty is the default of prunefuse prune")
	fs.IntVar(&o.inputs, "inputs", 2, "random inputs of the verification")
	fs.BoolVar(&o.verify, "verify", true, "run the written file against the masked original")
	fs.DurationVar(&o.timeout, "timeout", 10*time.Minute, "time for one model")
	fs.Func("input-shape", "`shape` of an input of open size, as name:1,3,640,640, for the models that have it; may be repeated", func(text string) error {
		o.texts = append(o.texts, text)
		return nil
	})
	fs.BoolVar(&o.json, "json", false, "print an object a line instead of the table")
	fs.BoolVar(&o.one, "one", false, "prune one model in this process and print its object")
	if err := fs.Parse(args); err != nil {
		return err
	}
	var err error
	if o.shapes, err = onnxio.ParseInputShapes(o.texts); err != nil {
		return fmt.Errorf("-input-shape %w", err)
	}
	if o.one {
		out, err := pruneOne(ctx, fs.Arg(0), o)
		if err != nil {
			return err
		}
		return printJSON(stdout, out)
	}
	paths, err := files(fs.Args())
	if err != nil {
		return err
	}
	return o.all(ctx, paths, stdout)
}

// all prunes the models and prints what came of each as soon as it is known.
func (o options) all(ctx context.Context, paths []string, stdout io.Writer) error {
	show := printJSON
	if !o.json {
		show = printRow
		if err := printHeader(stdout); err != nil {
			return err
		}
	}
	failed := 0
	for _, path := range paths {
		out := o.apart(ctx, path)
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		if out.Error != "" {
			failed++
		}
		if err := show(stdout, out); err != nil {
			return err
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d models failed", failed, len(paths))
	}
	return nil
}

// files lists the ONNX files that the arguments name or hold.
func files(args []string) (paths []string, err error) {
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (path == arg || filepath.Ext(path) == ".onnx") {
				paths = append(paths, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if len(paths) == 0 {
		return nil, errors.New("name ONNX files or folders that hold some")
	}
	return paths, nil
}

// apart prunes a model in a process of its own.
func (o options) apart(ctx context.Context, path string) *outcome {
	out := &outcome{}
	if err := o.child(ctx, path, out); err != nil {
		out.Error = err.Error()
	}
	out.Schema, out.Model = schema, strings.TrimSuffix(filepath.Base(path), ".onnx")
	if p, ok := torchPruning[out.Model]; ok {
		out.TorchPruning, out.asPeer = &p, o.ratio == peerRatio && o.roundTo < 2
	}
	if out.comparable() {
		equal := out.After.Unmerged == out.TorchPruning.Pruned
		out.Equal = &equal
	}
	return out
}

func (o options) child(ctx context.Context, path string, out *outcome) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	args := []string{
		"-one",
		"-ratio", strconv.FormatFloat(o.ratio, 'g', -1, 64), "-criterion", o.criterion, "-round-to", strconv.Itoa(o.roundTo),
		"-inputs", strconv.Itoa(o.inputs), "-verify=" + strconv.FormatBool(o.verify),
	}
	for _, text := range o.texts {
		args = append(args, "-input-shape", text)
	}
	cmd := exec.CommandContext(ctx, self, append(args, path)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	switch line, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); {
	case err == nil:
		return json.Unmarshal(stdout, out)
	case ctx.Err() != nil:
		return fmt.Errorf("took more than %v", o.timeout)
	case line != "":
		return errors.New(strings.TrimPrefix(line, "prune: "))
	}
	return err
}
