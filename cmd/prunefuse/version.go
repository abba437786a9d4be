package main

import (
	"fmt"
	"runtime"

	"github.com/prunefuse/prunefuse/internal/version"

	"github.com/spf13/cobra"
)

func newVersionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		GroupID: groupAbout,
		Short:   "Print the version",
		Long:    withExitStatus("Print the version of this program and of the Go it was built with.", exitOK, exitUsage),
		Args:    exactArgs(),
		RunE: func(*cobra.Command, []string) error {
			return g.printResult(struct {
				Schema  string `json:"schema"`
				Version string `json:"version"`
				Go      string `json:"go"`
				GOOS    string `json:"goos"`
				GOARCH  string `json:"goarch"`
			}{"prunefuse.version/1", version.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH},
				fmt.Sprintf("prunefuse %s %s %s/%s\n", version.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH))
		},
	}
}
