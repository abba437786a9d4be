// Package manpage writes the manual pages of a program from its commands. A
// page has what the help of the command says, in the same lines: tables in
// the text stay as they are. It has no date, so that the same commands give
// the same pages.
package manpage

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Name is the name of a command's page, without its section: "prunefuse-new".
func Name(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

// Commands lists a command and all below it that have a page, in order.
func Commands(c *cobra.Command) []*cobra.Command {
	out := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, Commands(sub)...)
		}
	}
	return out
}

// Write writes the page of a command in section 1.
func Write(w io.Writer, c *cobra.Command, version string) error {
	c.InitDefaultHelpFlag()
	var b strings.Builder
	name := Name(c)
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s\n", quoted(strings.ToUpper(name)), quoted(c.Root().Name()+" "+version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escaped(name), escaped(c.Short))
	b.WriteString(".SH SYNOPSIS\n")
	verbatim(&b, c.UseLine())
	b.WriteString(".SH DESCRIPTION\n")
	text, status, hasStatus := strings.Cut(c.Long, "\nEXIT STATUS\n")
	verbatim(&b, strings.TrimSpace(text))
	if subs := available(c); len(subs) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range subs {
			fmt.Fprintf(&b, ".TP\n\\fB%s\\fR(1)\n%s\n", escaped(Name(sub)), escaped(sub.Short))
		}
	}
	options(&b, "OPTIONS", c.NonInheritedFlags())
	options(&b, "GLOBAL OPTIONS", c.InheritedFlags())
	if hasStatus {
		b.WriteString(".SH EXIT STATUS\n")
		verbatim(&b, strings.TrimRight(status, "\n"))
	}
	if c.Example != "" {
		b.WriteString(".SH EXAMPLES\n")
		verbatim(&b, c.Example)
	}
	seeAlso(&b, c)
	_, err := io.WriteString(w, b.String())
	return err
}

func available(c *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			out = append(out, sub)
		}
	}
	return out
}

func options(b *strings.Builder, title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	fmt.Fprintf(b, ".SH %s\n", title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		names := "--" + f.Name
		if f.Shorthand != "" {
			names = "-" + f.Shorthand + ", " + names
		}
		fmt.Fprintf(b, ".TP\n\\fB%s\\fR", escaped(names))
		if value != "" {
			fmt.Fprintf(b, " \\fI%s\\fR", escaped(value))
		}
		if d := f.DefValue; d != "" && d != "0" && d != "false" && d != "[]" {
			usage += " (default " + d + ")"
		}
		fmt.Fprintf(b, "\n%s\n", escaped(usage))
	})
}

func seeAlso(b *strings.Builder, c *cobra.Command) {
	if !c.HasParent() {
		return
	}
	fmt.Fprintf(b, ".SH SEE ALSO\n\\fB%s\\fR(1)\n", escaped(Name(c.Parent())))
}

// verbatim writes lines as they are.
func verbatim(b *strings.Builder, text string) {
	b.WriteString(".nf\n")
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(escaped(line) + "\n")
	}
	b.WriteString(".fi\n")
}

var escapes = strings.NewReplacer(`\`, `\e`, "-", `\-`)

// escaped is text of which nothing is taken for a request or an escape.
func escaped(line string) string {
	line = escapes.Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}

func quoted(text string) string {
	return `"` + strings.ReplaceAll(escaped(text), `"`, `\(dq`) + `"`
}
