package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/internal/suggest"
)

// unknownCommand says which command of parent a word may have meant.
func unknownCommand(parent *cobra.Command, word string) error {
	var near, names []string
	for _, c := range parent.Commands() {
		if !c.IsAvailableCommand() && c.Name() != "help" {
			continue
		}
		names = append(names, c.Name())
		if slices.Contains(c.SuggestFor, word) {
			near = append(near, c.Name())
		}
	}
	if parent.HasParent() {
		return usageIn(parent, fmt.Errorf("unknown command %q; %s", word, suggest.Want(word, names)))
	}
	if len(near) == 0 {
		near = suggest.Typo(word, names)
	}
	if len(near) > 0 {
		return usagef("unknown command %q; did you mean %s?", word, suggest.Or(near))
	}
	return usagef("unknown command %q (see %s --help)", word, parent.CommandPath())
}

// wanted says which numbers flags take, by their types in pflag.
var wanted = map[string]string{
	"int": "a whole number", "int64": "a whole number", "uint64": "a whole number from 0 to 18446744073709551615", "uint": "a whole number from 0",
	"float64": "a number", "float32": "a number", "bool": "true or false",
}

// unknownFlag is the error of a command's flags, which for one that there is
// not says which may have been meant, and for a wrong value what is wanted.
func unknownFlag(cmd *cobra.Command, err error) error {
	var wrong *pflag.InvalidValueError
	var number *strconv.NumError
	if errors.As(err, &wrong) && errors.As(wrong.Unwrap(), &number) {
		return usageIn(cmd, fmt.Errorf("--%s %s: want %s", wrong.GetFlag().Name, wrong.GetValue(), wanted[wrong.GetFlag().Value.Type()]))
	}
	var missing *pflag.NotExistError
	if !errors.As(err, &missing) {
		return usageIn(cmd, err)
	}
	word := missing.GetSpecifiedName()
	if letters := missing.GetSpecifiedShortnames(); letters != "" {
		word = letters // as in -strategy
	}
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if near := suggest.Typo(word, names); len(near) > 0 && len(word) > 1 {
		for i := range near {
			near[i] = "--" + near[i]
		}
		return usageIn(cmd, fmt.Errorf("%w; did you mean %s?", err, suggest.Or(near)))
	}
	return usageIn(cmd, err)
}

// rename takes names that flags of a command had earlier for those that they
// have, so that scripts go on working.
func rename(fs *pflag.FlagSet, names map[string]string) {
	fs.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if now, ok := names[name]; ok {
			name = now
		}
		return pflag.NormalizedName(name)
	})
}
