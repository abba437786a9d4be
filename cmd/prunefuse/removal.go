package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/prunefuse/prunefuse/calibration"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/prunefuse/prunefuse/data"
	"github.com/prunefuse/prunefuse/internal/share"
	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
	"github.com/prunefuse/prunefuse/pruning"
)

// removalOptions are the flags that say which channels to remove, and how
// many.
type removalOptions struct {
	ratio                 float64
	macs, params, latency string
	ratios                string
	global, isomorphic    bool
	allocate              string
	heads, headDim        bool
	maxRatio              float64
	roundTo               int
	steps                 int
	criterion             string
	scores, scoresOut     string
	ignore                []string

	data    dataOptions
	samples specList
	count   int
	batch   int

	budget pruning.Budget // by settle
}

// removalFlags are all flags of removalOptions.
var removalFlags = func() []string {
	var names []string
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	new(removalOptions).addFlags(fs)
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}()

func (o *removalOptions) addFlags(fs *pflag.FlagSet) {
	o.maxRatio = 1
	fs.Var((*share.Share)(&o.ratio), "ratio", "`share` of the channels to remove: 0.5 or 50%")
	fs.StringVar(&o.macs, "macs", "", "multiply-accumulates that are left at most: a `share` of the dense network's such as 50%, or 12.5M")
	fs.StringVar(&o.params, "params", "", "parameters that are left at most: a `share` of the dense network's such as 40%, or 100k")
	fs.StringVar(&o.latency, "latency", "", "measured time of a sample that is left at most: a `share` of the dense network's such as 50%, or 3.2ms")
	fs.StringVar(&o.ratios, "ratios", "", "`file` with ratios of their own for some groups, see above")
	fs.BoolVar(&o.global, "global", false, "rank the channels of all groups together")
	fs.BoolVar(&o.isomorphic, "isomorphic", false, "rank together the groups of the same structure")
	fs.StringVar(&o.allocate, "allocate", "", "`rule` for how much goes where: uniform, global, isomorphic or sensitivity, which measures on --data")
	fs.BoolVar(&o.heads, "heads", false, "remove whole attention heads, and blocks like them; the default is these or positions within them, whichever are more")
	fs.BoolVar(&o.headDim, "head-dim", false, "remove the same positions within every attention head, and block like it")
	fs.Var((*share.Share)(&o.maxRatio), "max-ratio", "greatest `share` of its channels that a group loses")
	fs.IntVar(&o.roundTo, "round-to", 0, "keep a multiple of `N` channels, in groups of more than N, by keeping more")
	fs.Lookup("round-to").DefValue = fmt.Sprintf("1; %d with --latency", pruning.LatencyRoundTo)
	fs.IntVar(&o.steps, "steps", 1, "prune in `K` steps, with the channels that are left scored anew after each")
	fs.StringVar(&o.criterion, "criterion", pruning.Criteria[0].Name, "`name` of what says which channels go first: "+strings.Join(pruning.CriterionNames(nil), ", "))
	fs.StringVar(&o.scores, "channel-scores", "", "take the scores of channels from this `file`, instead of --criterion")
	fs.StringVar(&o.scoresOut, "channel-scores-out", "", "write the scores of all channels to a `file`; - is stdout")
	fs.StringSliceVar(&o.ignore, "ignore", nil, "`node` whose outputs keep all their channels; may be repeated")
	fs.Var(&o.samples, "data", "for criteria with data: the samples, a `name` or path, see above; may be repeated")
	fs.IntVar(&o.count, "samples", 1024, "for criteria with data and --recover: how many samples to draw, `N`")
	fs.IntVar(&o.batch, "batch", 128, "for criteria with data and --recover: samples a batch")
	o.data.addFlags(fs)
	markIncidental(fs, "channel-scores-out")
}

func completeCriteria(cmd *cobra.Command) {
	complete(cmd, "criterion", func() (out []string) {
		for _, c := range pruning.Criteria {
			out = append(out, c.Name+"\t"+c.About)
		}
		return out
	})
}

func (o *removalOptions) settle(fs *pflag.FlagSet) error {
	if err := o.settleAim(fs); err != nil {
		return err
	}
	crit, err := pruning.CriterionByName(o.criterion)
	needs := err == nil && o.scores == "" && crit.Data != pruning.NoData
	scope, wrong := pruning.ParseScope(o.allocate)
	switch {
	case err != nil:
		return fmt.Errorf("--criterion: %w", err)
	case wrong != nil:
		return fmt.Errorf("--allocate: %w", wrong)
	case o.allocate != "" && (o.global || o.isomorphic):
		return errors.New("--allocate says what --global and --isomorphic do, and excludes them")
	case o.scores != "" && fs.Changed("criterion"):
		return errors.New("--channel-scores and --criterion exclude each other")
	case o.scores != "" && o.steps > 1:
		return errors.New("--channel-scores are of the dense network and cannot be renewed in --steps")
	case o.global && o.isomorphic:
		return errors.New("--global and --isomorphic exclude each other")
	case o.heads && o.headDim:
		return errors.New("--heads and --head-dim exclude each other")
	case !(o.maxRatio > 0 && o.maxRatio <= 1):
		return fmt.Errorf("--max-ratio %v: want a share above 0 and up to 1, such as 0.8 or 80%%", o.maxRatio)
	case fs.Changed("round-to") && o.roundTo < 1:
		return fmt.Errorf("--round-to %d: want at least 1", o.roundTo)
	case o.steps < 1:
		return fmt.Errorf("--steps %d: want at least 1", o.steps)
	case needs && o.samples == nil:
		return fmt.Errorf("--criterion %s looks at samples; name them with --data", crit.Name)
	case scope == pruning.Sensitivity && o.samples == nil:
		return errors.New("--allocate sensitivity looks at samples; name them with --data")
	case !needs && scope != pruning.Sensitivity && o.samples != nil:
		return errors.New("--data is for criteria that look at samples")
	}
	return o.settleSamples()
}

func (o *removalOptions) settleSamples() error {
	if o.count < 1 || o.batch < 1 {
		return errors.New("--samples and --batch: want at least 1")
	}
	return o.data.settle()
}

// settleAim reads what to prune down to, of which there is one.
func (o *removalOptions) settleAim(fs *pflag.FlagSet) (err error) {
	given := ""
	for _, f := range []struct{ name, text string }{
		{"ratio", ""}, {string(pruning.MACs), o.macs}, {string(pruning.Parameters), o.params}, {string(pruning.Latency), o.latency},
	} {
		switch {
		case !fs.Changed(f.name):
			continue
		case given != "":
			return fmt.Errorf("--%s and --%s exclude each other", given, f.name)
		}
		given = f.name
		if f.name != "ratio" {
			if o.budget, err = pruning.ParseBudget(pruning.Quantity(f.name), f.text); err != nil {
				return fmt.Errorf("--%s %w", f.name, err)
			}
		}
	}
	switch {
	case given == "" && o.ratios == "":
		return errors.New("say how much to remove with --ratio, --macs, --params or --latency")
	case given == "ratio" && !(o.ratio > 0 && o.ratio < 1):
		return fmt.Errorf("--ratio %v: want the share of the channels to remove, above 0 and below 1, such as 0.5 or 50%%", o.ratio)
	}
	return nil
}

// prune cuts the model, which goes by a name in the plan; shapes are for inputs
// of open size.
func (o *removalOptions) prune(ctx context.Context, g *globals, m *onnxio.Model, name string, shapes onnxio.InputShapes) (*pruning.Result, error) {
	c := pruning.Config{
		Ratio: o.ratio, Budget: o.budget, Criterion: o.criterion, Seed: g.seed, Steps: o.steps, Ignore: o.ignore, ParentName: name,
		Limits:   pruning.Limits{MaxRatio: o.maxRatio, RoundTo: o.roundTo},
		Evidence: pruning.Evidence{Session: g.session()}, InputShapes: shapes,
	}
	c.Scope, _ = pruning.ParseScope(o.allocate)
	switch {
	case o.global:
		c.Scope = pruning.Global
	case o.isomorphic:
		c.Scope = pruning.Isomorphic
	}
	switch {
	case o.heads:
		c.Parts = pruning.Whole
	case o.headDim:
		c.Parts = pruning.Within
	}
	if err := o.readFiles(&c); err != nil {
		return nil, err
	}
	if o.samples != nil || o.budget.Of == pruning.Latency {
		if err := g.startRuntime(ctx); err != nil {
			return nil, err
		}
	}
	if o.samples != nil {
		set, err := o.open(g, m)
		if err != nil {
			return nil, err
		}
		defer data.Close(set.Set)
		c.Evidence = calibration.Data(ctx, m, set, calibration.Options{
			Samples: o.count, Batch: o.batch, Seed: g.seed, Session: g.session(),
		})
	}
	r, err := pruning.PruneContext(ctx, m, c)
	return r, op.Blame(m, err)
}

func (o *removalOptions) readFiles(c *pruning.Config) error {
	if o.ratios != "" {
		b, err := os.ReadFile(o.ratios)
		if err != nil {
			return err
		}
		if c.Ratios, err = pruning.ParseRatios(b); err != nil {
			return fmt.Errorf("%s: %w", o.ratios, err)
		}
	}
	if o.scores == "" {
		return nil
	}
	b, err := os.ReadFile(o.scores)
	if err != nil {
		return err
	}
	if c.Scores, err = pruning.ParseScores(b); err != nil {
		return fmt.Errorf("%s: %w", o.scores, err)
	}
	return nil
}

// open reads the samples, which have labels where the criterion needs them.
func (o *removalOptions) open(g *globals, m *onnxio.Model) (*data.Prepared, error) {
	crit, err := pruning.CriterionByName(o.criterion)
	return o.data.prepared(g, o.samples, m, err == nil && crit.Data == pruning.Labelled)
}
