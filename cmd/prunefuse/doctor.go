package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/onnxio/ort"
)

type doctorOptions struct{ offline bool }

func (o *doctorOptions) addFlags(fs *pflag.FlagSet) {
	fs.BoolVar(&o.offline, "offline", false, "do not get the library where there is none")
}

func newDoctorCommand(g *globals) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: groupAbout,
		Short:   "Say which ONNX Runtime is used, and what it can do",
		Long: withExitStatus(`
Find the ONNX Runtime library as every command does, load it, and print its
version, its file, the providers that work here and the places that were tried.

The library is taken from --ort-lib, the variable `+ort.EnvLibrary+`,
the folder of this program, the system's library folders or the user's cache;
where it is in none of them it is downloaded once into the cache, from the Go
module proxy, and its digest is checked.`, exitOK, exitUsage, exitNoRuntime, exitInterrupted),
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), g, o) },
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runDoctor(ctx context.Context, g *globals, o doctorOptions) error {
	opts := ort.Options{Lib: g.ortLib, Offline: o.offline}
	if !g.quiet && !g.json {
		opts.Progress = g.stderr
	}
	missing := ort.Init(ctx, opts)
	if ctx.Err() != nil {
		return missing
	}
	info := ort.Describe()
	if g.json {
		err := g.printJSON(struct {
			Schema string `json:"schema"`
			ort.Info
		}{"prunefuse.doctor/1", info})
		if err != nil {
			return err
		}
		return missing
	}
	if err := printDoctor(g, info); err != nil {
		return err
	}
	return missing
}

func printDoctor(g *globals, info ort.Info) error {
	rows := [][]string{{"ONNX Runtime", "none found"}}
	if info.Version != "" {
		rows = [][]string{{"ONNX Runtime", info.Version}, {"library", info.Library}, {"found", info.Source}}
	}
	for _, p := range info.Providers {
		status := "works"
		if !p.Available {
			status = "not usable: " + oneLine(p.Problem)
		}
		rows = append(rows, []string{"provider " + string(p.Name), status})
	}
	rows = append(rows,
		[]string{"threads", fmt.Sprint(info.Threads)},
		[]string{"platform", info.GOOS + "/" + info.GOARCH},
	)
	for _, p := range info.Tried {
		outcome := "used"
		if p.Problem != "" {
			outcome = oneLine(p.Problem)
		}
		rows = append(rows, []string{"tried", p.Source + ": " + p.Path + ": " + outcome})
	}
	return term.Table(g.stdout, nil, rows, []term.Align{term.Left, term.Left})
}
