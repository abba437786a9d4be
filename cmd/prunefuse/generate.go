package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/manpage"
	"github.com/prunefuse/prunefuse/internal/version"
)

func newGenerateCommand(g *globals) *cobra.Command {
	var out outputOptions
	cmd := &cobra.Command{
		Use:     "generate -o DIR",
		GroupID: groupAbout,
		Short:   "Write manual pages and shell completions into a folder",
		Long: withExitStatus(`
Write what packages of this program hold beside it: DIR/man/man1 has a manual
page for each command, DIR/completions the scripts that "prunefuse completion"
prints. The same version writes the same files.`, exitOK, exitFailed, exitUsage),
		Example: `  prunefuse generate -o share
  man -l share/man/man1/prunefuse-prune.1`,
		Args: exactArgs(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out.path == "" || out.path == stdStream {
				return usageIn(cmd, fmt.Errorf("name the folder to write with --output (-o)"))
			}
			return generate(g, out, cmd.Root())
		},
	}
	out.addFlags(cmd.Flags(), "the `folder` to write into; it is made if it does not exist")
	return cmd
}

// generated is a file that generate writes.
type generated struct {
	path  string
	write func(io.Writer) error
}

func generate(g *globals, o outputOptions, root *cobra.Command) error {
	var files []generated
	for _, c := range manpage.Commands(root) {
		files = append(files, generated{
			filepath.Join(o.path, "man", "man1", manpage.Name(c)+".1"),
			func(w io.Writer) error { return manpage.Write(w, c, version.Version) },
		})
	}
	for _, s := range shells {
		files = append(files, generated{
			filepath.Join(o.path, "completions", s.file),
			func(w io.Writer) error { return s.write(root, w) },
		})
	}
	out := g.outputs()
	defer out.Discard()
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.path), 0o777); err != nil {
			return err
		}
		if err := o.absent(f.path); err != nil {
			return err
		}
		if err := out.write(f.path, f.write); err != nil {
			return err
		}
	}
	if err := out.Commit(); err != nil {
		return err
	}
	if g.json {
		var paths []string
		for _, f := range files {
			paths = append(paths, f.path)
		}
		return g.printJSON(struct {
			Schema string   `json:"schema"`
			Files  []string `json:"files"`
		}{"prunefuse.generate/1", paths})
	}
	_, err := fmt.Fprintf(g.stdout, "%d files in %s\n", len(files), o.path)
	return err
}
