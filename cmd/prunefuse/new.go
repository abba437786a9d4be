package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/cmd/prunefuse/internal/show"
	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/term"
	"github.com/prunefuse/prunefuse/models"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

type newOptions struct {
	out     modelOutput
	list    bool
	classes string // a number, names or a file of names
	input   string
	width   float64
}

func (o *newOptions) addFlags(fs *pflag.FlagSet) {
	o.out.addFlags(fs)
	fs.BoolVar(&o.list, "list", false, "list the architectures")
	fs.StringVar(&o.classes, "classes", "", "the classes: their `number`, their names with commas between them, or a file with one a line; empty is the architecture's own")
	fs.StringVar(&o.input, "input", "", "channels, height and width of an image, such as `3x32x32`; empty is the architecture's own")
	fs.Float64Var(&o.width, "width", 1, "`factor` on the channels of every layer but input and output")
}

func newNewCommand(g *globals) *cobra.Command {
	var o newOptions
	cmd := &cobra.Command{
		Use:     "new ARCH -o FILE",
		GroupID: groupModels, SuggestFor: []string{"create", "init", "build"},
		Short: "Write an untrained network",
		Long: withExitStatus(`
Write an untrained network with freshly initialised weights, drawn from --seed,
and a free batch size. --list shows the architectures there are; of families
with a free depth it shows the usual members.

The MACs that it prints are the multiply-accumulates for one image.`, exitOK, exitFailed, exitUsage, exitInterrupted),
		Example: `  prunefuse new preresnet56 --classes 10 -o dense.onnx
  prunefuse new resnet20 --input 1x28x28 -o dense.onnx
  prunefuse new --list`,
		Args: func(cmd *cobra.Command, args []string) error {
			if o.list {
				return exactArgs()(cmd, args)
			}
			return exactArgs("ARCH")(cmd, args)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, a := range models.List() {
				names = append(names, a.Name+"\t"+a.Summary)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.list {
				return listArchitectures(g)
			}
			return runNew(cmd, g, o, args[0])
		},
	}
	o.addFlags(cmd.Flags())
	return cmd
}

func runNew(cmd *cobra.Command, g *globals, o newOptions, arch string) error {
	input, err := models.ParseInput(o.input)
	if err != nil {
		return usagef("--input %w", err)
	}
	if err := o.out.check(); err != nil {
		return err
	}
	classes, err := parseClasses(o.classes)
	if err != nil {
		return usagef("--classes: %w", err)
	}
	m, err := models.Build(arch, models.Options{Classes: classes.Count, Input: input, Seed: g.seed, Width: o.width})
	if err != nil {
		return usagef("%w", err)
	}
	if classes.Names != nil {
		if err := (data.Preprocess{Classes: classes.Names}).Write(m); err != nil {
			return err
		}
	}
	stamp(m, cmd, []string{arch})
	size, err := op.SizeOf(m, nil)
	if err != nil {
		return err
	}
	out := g.outputs()
	defer out.Discard()
	if size.Bytes, err = out.model(g, m, o.out); err != nil {
		return err
	}
	if err := out.Commit(); err != nil {
		return err
	}
	return g.printResult(struct {
		Schema string `json:"schema"`
		File   string `json:"file"`
		Arch   string `json:"arch"`
		Seed   uint64 `json:"seed"`
		op.Size
	}{"prunefuse.new/1", o.out.path, arch, g.seed, size}, fmt.Sprintf("%s: %s parameters, %s MACs, %s\n",
		o.out.path, term.Count(size.Parameters), show.MACs(size), term.Bytes(size.Bytes)))
}

// parseClasses reads a number of classes, or their names. The empty text is
// neither.
func parseClasses(text string) (data.Classes, error) {
	if text == "" {
		return data.Classes{}, nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		if n < 1 {
			return data.Classes{}, fmt.Errorf("%d: want at least 1", n)
		}
		return data.Classes{Count: n}, nil
	}
	names, err := data.ParseClasses(text)
	return data.Classes{Names: names, Count: len(names)}, err
}

func listArchitectures(g *globals) error {
	type entry struct {
		Name    string `json:"name"`
		Form    string `json:"form,omitempty"`
		Summary string `json:"summary"`
		Source  string `json:"source"`
		Input   [3]int `json:"input"`
		Classes int    `json:"classes"`
	}
	var entries []entry
	var rows [][]string
	for _, a := range models.List() {
		entries = append(entries, entry{a.Name, a.Form, a.Summary, a.Source, a.Input, a.Classes})
		rows = append(rows, []string{
			a.Name, a.Form, fmt.Sprintf("%d×%d×%d", a.Input[0], a.Input[1], a.Input[2]), strconv.Itoa(a.Classes), a.Summary,
		})
	}
	if g.json {
		return g.printJSON(struct {
			Schema        string  `json:"schema"`
			Architectures []entry `json:"architectures"`
		}{"prunefuse.architectures/1", entries})
	}
	return term.Table(g.stdout, []string{"architecture", "family", "input", "classes", "what it is"}, rows,
		[]term.Align{term.Left, term.Left, term.Right, term.Right, term.Left})
}
