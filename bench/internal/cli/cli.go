// Package cli is what the commands that measure have in common.
package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"strings"
)

// Main runs a command until it ends or is interrupted; with an error the exit
// status is 1 and stderr has it.
func Main(name string, run func(ctx context.Context, args []string, stdout io.Writer) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, name+":", err)
		os.Exit(1)
	}
}

// Channels is a flag's list of numbers, one a channel.
type Channels []float32

// String is the numbers with spaces between.
func (c *Channels) String() string { return strings.Trim(fmt.Sprint(*c), "[]") }

// Set reads numbers with commas between.
func (c *Channels) Set(s string) error {
	*c = nil
	for part := range strings.SplitSeq(s, ",") {
		v, err := strconv.ParseFloat(part, 32)
		if err != nil {
			return err
		}
		*c = append(*c, float32(v))
	}
	return nil
}
