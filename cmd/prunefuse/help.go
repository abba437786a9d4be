package main

import (
	"github.com/spf13/cobra"
)

func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		GroupID: groupAbout,
		Short:   "Show the help of a command",
		Long: withExitStatus(`
Show the help of a command, as the command's flag --help does.`, exitOK, exitUsage),
		Example: `  prunefuse help prune
  prunefuse help label export`,
		Args: cobra.ArbitraryArgs,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			at, unknown := lookUp(cmd.Root(), args)
			if unknown != "" {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, c := range at.Commands() {
				if c.IsAvailableCommand() {
					names = append(names, c.Name()+"\t"+c.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			at, unknown := lookUp(cmd.Root(), args)
			if unknown != "" {
				return unknownCommand(at, unknown)
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
	}
}

// lookUp finds the command that words name, one below the other, or the first
// word that names none.
func lookUp(at *cobra.Command, words []string) (found *cobra.Command, unknown string) {
	for _, word := range words {
		var next *cobra.Command
		for _, c := range at.Commands() {
			if c.Name() == word {
				next = c
			}
		}
		if next == nil {
			return at, word
		}
		at = next
	}
	return at, ""
}
