package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/filelock"
	"github.com/prunefuse/prunefuse/internal/rundir"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort"
	"github.com/prunefuse/prunefuse/onnxio/ort/orttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"prunefuse": main})
}

// TestScripts runs the command lines under testdata/script. Besides the
// commands of testscript they use
//
//	fails CODE REGEXP COMMAND…  the command must exit with CODE, print nothing
//	                            on stdout and one line on stderr that matches
//	exits CODE COMMAND…         the command must exit with CODE
//	holds DIR [NAME…]           the folder must hold these files and no others
//	npy FILE TYPE SHAPE [V…]    write an array, of a fixed pattern without values
//	png FILE SIDE               write a grey square image
//	await FILE [N]              wait until the file is there, and has N bytes
//	cut FILE N                  shorten a file to N bytes
//	foreign FILE OUT            put an operator that nobody knows into a model
//	dropout FILE OUT            put a Dropout into a model
//	open FILE OUT               leave the size of a model's input open
//	tmpfs DIR BYTES             mount a small disk
//	lock DIR                    be the other process that works in a run folder
//
// and the conditions [ort], a runtime is there, and [mount], a disk can be
// mounted.
func TestScripts(t *testing.T) {
	library := ""
	missing := ort.Init(context.Background(), ort.Options{Progress: os.Stderr})
	if missing == nil {
		library = ort.Describe().Library
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv(ort.EnvLibrary, library)
			return nil
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "ort":
				if missing != nil && os.Getenv(orttest.EnvRequire) == "1" {
					return false, missing
				}
				return missing == nil, nil
			case "mount":
				return canMount(), nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"fails":   cmdFails,
			"exits":   cmdExits,
			"holds":   cmdHolds,
			"npy":     cmdNPY,
			"png":     cmdPNG,
			"await":   cmdAwait,
			"cut":     cmdCut,
			"foreign": cmdForeign,
			"open":    cmdOpen,
			"dropout": cmdDropout,
			"twin":    cmdTwin,
			"tmpfs":   cmdTmpfs,
			"lock":    cmdLock,
		},
		RequireUniqueNames: true,
	})
}

func cmdFails(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: fails CODE REGEXP COMMAND…")
	}
	expectCode(ts, args[0], args[2:])
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("stdout of a failure: %q", out)
	}
	lines := strings.SplitAfter(ts.ReadFile("stderr"), "\n")
	if len(lines) != 2 || lines[1] != "" || !strings.HasPrefix(lines[0], "prunefuse: ") {
		ts.Fatalf("stderr is %q, want one line that begins with \"prunefuse: \"", lines)
	}
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	if !pattern.MatchString(lines[0]) {
		ts.Fatalf("stderr %q does not match %q", lines[0], args[1])
	}
}

func cmdExits(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND…")
	}
	expectCode(ts, args[0], args[1:])
}

func expectCode(ts *testscript.TestScript, code string, command []string) {
	got := 0
	err := ts.Exec(command[0], command[1:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(code); err != nil || got != want {
		ts.Fatalf("%v: exit code %d, want %s", command, got, code)
	}
}

func cmdHolds(ts *testscript.TestScript, _ bool, args []string) {
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := args[1:]
	slices.Sort(want)
	if !slices.Equal(got, want) {
		ts.Fatalf("%s holds %v, want %v", args[0], got, want)
	}
}

func cmdNPY(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 3 {
		ts.Fatalf("usage: npy FILE TYPE SHAPE [VALUE…]")
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
	var shape []int
	size := 1
	for s := range strings.SplitSeq(args[2], ",") {
		n, err := strconv.Atoi(s)
		ts.Check(err)
		shape = append(shape, n)
		size *= n
	}
	values := make([]float64, size)
	for i := range values {
		if len(args) > 3 {
			v, err := strconv.ParseFloat(args[3+i%(len(args)-3)], 64)
			ts.Check(err)
			values[i] = v
		} else {
			values[i] = float64(i*7%23) / 23
		}
	}
	switch args[1] {
	case "f4":
		ts.Check(data.WriteNPY(path, shape, convert[float32](values)))
	case "i8":
		ts.Check(data.WriteNPY(path, shape, convert[int64](values)))
	default:
		ts.Fatalf("unknown type %q", args[1])
	}
}

func convert[T float32 | int64](v []float64) []T {
	out := make([]T, len(v))
	for i, x := range v {
		out[i] = T(x)
	}
	return out
}

func cmdPNG(ts *testscript.TestScript, _ bool, args []string) {
	side, err := strconv.Atoi(args[1])
	ts.Check(err)
	img := image.NewGray(image.Rect(0, 0, side, side))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 37)
	}
	path := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o777))
	f, err := os.Create(path)
	ts.Check(err)
	ts.Check(png.Encode(f, img))
	ts.Check(f.Close())
}

func cmdAwait(ts *testscript.TestScript, _ bool, args []string) {
	least := int64(0)
	if len(args) > 1 {
		var err error
		least, err = strconv.ParseInt(args[1], 10, 64)
		ts.Check(err)
	}
	for range 6000 {
		if info, err := os.Stat(ts.MkAbs(args[0])); err == nil && info.Size() >= least {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("%s did not appear", args[0])
}

func cmdCut(ts *testscript.TestScript, _ bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// edit writes the model of the first argument, changed, to the second.
func edit(ts *testscript.TestScript, args []string, change func(in onnxio.Value, g *onnxio.Graph, p *onnxio.Patch)) {
	m, err := onnxio.Load(ts.MkAbs(args[0]))
	ts.Check(err)
	p := m.Graph.Edit()
	change(m.Graph.Inputs()[0], m.Graph, p)
	ts.Check(p.Apply())
	ts.Check(m.Save(ts.MkAbs(args[1]), onnxio.SaveOptions{}))
}

func cmdForeign(ts *testscript.TestScript, _ bool, args []string) {
	edit(ts, args, func(in onnxio.Value, _ *onnxio.Graph, p *onnxio.Patch) {
		p.Redirect(in.Name, "foreign")
		p.Add(onnxio.NodeSpec{Op: "Frobnicate", Name: "odd", Inputs: []string{in.Name}, Outputs: []string{"foreign"}})
	})
}

func cmdDropout(ts *testscript.TestScript, _ bool, args []string) {
	edit(ts, args, func(in onnxio.Value, _ *onnxio.Graph, p *onnxio.Patch) {
		p.Redirect(in.Name, "dropped")
		p.Add(onnxio.NodeSpec{Op: "Dropout", Name: "drop", Inputs: []string{in.Name}, Outputs: []string{"dropped"}})
	})
}

func cmdOpen(ts *testscript.TestScript, _ bool, args []string) {
	edit(ts, args, func(in onnxio.Value, _ *onnxio.Graph, p *onnxio.Patch) {
		in.Type.Shape[2], in.Type.Shape[3] = onnxio.Symbol("H"), onnxio.Symbol("W")
		p.SetInputType(in.Name, in.Type)
	})
}

// cmdTwin makes a model of images as other exporters would write it: the input
// with the channels last, the logits with an image of one pixel.
func cmdTwin(ts *testscript.TestScript, _ bool, args []string) {
	edit(ts, args, func(in onnxio.Value, g *onnxio.Graph, p *onnxio.Patch) {
		s := in.Type.Shape
		p.SetInputType("hwc", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{s[0], s[2], s[3], s[1]}})
		p.RemoveInput(in.Name)
		p.Add(onnxio.NodeSpec{
			Op: "Transpose", Inputs: []string{"hwc"}, Outputs: []string{in.Name}, Attrs: []onnxio.Attr{onnxio.Ints("perm", 0, 3, 1, 2)},
		})
		out := g.Outputs()[0]
		p.SetInitializer(onnxio.NewTensor("pixel", []int64{2}, []int64{2, 3}))
		p.Add(onnxio.NodeSpec{Op: "Unsqueeze", Inputs: []string{out.Name, "pixel"}, Outputs: []string{"point"}})
		p.RemoveOutput(out.Name)
		p.SetOutputType("point", onnxio.Type{Elem: onnxio.Float32, Shape: append(out.Type.Shape.Clone(), onnxio.Known(1), onnxio.Known(1))})
	})
}

func cmdTmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(filepath.Clean(args[0]))
	ts.Check(os.MkdirAll(dir, 0o777))
	unmount, err := mountTmpfs(dir, args[1])
	ts.Check(err)
	ts.Defer(func() { ts.Check(unmount()) })
}

// cmdLock works in a run folder, or on a file, as another process.
func cmdLock(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	if info, err := os.Stat(path); err == nil && !info.IsDir() {
		f, err := filelock.Open(path)
		ts.Check(err)
		ts.Defer(func() { ts.Check(f.Close()) })
		return
	}
	d, err := rundir.Lock(path)
	ts.Check(err)
	ts.Defer(func() { ts.Check(d.Close()) })
}
