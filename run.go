package prunefuse

import (
	"context"

	"github.com/prunefuse/prunefuse/loop"
	"github.com/prunefuse/prunefuse/loop/config"
)

// Config says what a run does; config.ReadConfig reads it from YAML.
type Config = config.Config

// Options say where a run goes, how it computes, and who knows the labels.
type Options = loop.Options

// Run does what a configuration says and leaves networks, a report page and its
// numbers in the run folder. It goes on with a run that was interrupted.
// ort.Init must have succeeded.
func Run(ctx context.Context, c Config, o Options) error { return loop.Run(ctx, c, o) }
