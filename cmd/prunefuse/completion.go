package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/prunefuse/prunefuse/internal/suggest"
)

// shell is a shell that can complete this program's command lines.
type shell struct {
	name string
	// file is the name of the script where such scripts lie.
	file  string
	write func(root *cobra.Command, w io.Writer) error
}

var shells = []shell{
	{"bash", "prunefuse.bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
	{"zsh", "_prunefuse", (*cobra.Command).GenZshCompletion},
	{"fish", "prunefuse.fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
	{"powershell", "prunefuse.ps1", (*cobra.Command).GenPowerShellCompletionWithDesc},
}

func shellNames() []string {
	var names []string
	for _, s := range shells {
		names = append(names, s.name)
	}
	return names
}

func newCompletionCommand(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:     "completion SHELL",
		GroupID: groupAbout,
		Short:   "Print the script by which a shell completes commands and flags",
		Long: withExitStatus(`
Print the script by which SHELL, which is bash, zsh, fish or powershell,
completes the commands of this program, their flags and the values of flags.

For the shell at work:
  bash         source <(prunefuse completion bash)
  zsh          source <(prunefuse completion zsh)
  fish         prunefuse completion fish | source
  powershell   prunefuse completion powershell | Out-String | Invoke-Expression

For every shell from the next on:
  bash         prunefuse completion bash > \
                 ~/.local/share/bash-completion/completions/prunefuse
  zsh          prunefuse completion zsh > "${fpath[1]}/_prunefuse"
  fish         prunefuse completion fish > ~/.config/fish/completions/prunefuse.fish
  powershell   prunefuse completion powershell >> $PROFILE

In bash this needs the package bash-completion, in zsh a .zshrc with
"autoload -U compinit; compinit".`, exitOK, exitUsage),
		Args: exactArgs("SHELL"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return shellNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			i := slices.IndexFunc(shells, func(s shell) bool { return s.name == args[0] })
			if i < 0 {
				return usageIn(cmd, fmt.Errorf("unknown shell %q; %s", args[0], suggest.Want(args[0], shellNames())))
			}
			return shells[i].write(cmd.Root(), g.stdout)
		},
	}
}
