package main

import "github.com/spf13/pflag"

// aliasFlag keeps an old name of a flag working. It stands in no help.
func aliasFlag(fs *pflag.FlagSet, old, name string) {
	f := *fs.Lookup(name)
	f.Name, f.Shorthand, f.Hidden = old, "", true
	fs.AddFlag(&f)
}
