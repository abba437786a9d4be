package pruning

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/prunefuse/prunefuse/internal/glob"
	"github.com/prunefuse/prunefuse/internal/share"
)

// GroupRatio is a ratio for some groups of their own. Pattern is a group's
// name, or a glob for the weights whose output channels the group is; *
// stands for any characters, slashes too.
type GroupRatio struct {
	Pattern string
	Ratio   float64
}

// ParseRatios reads a YAML or JSON mapping from patterns to ratios.
func ParseRatios(b []byte) ([]GroupRatio, error) {
	var items yaml.MapSlice
	if err := yaml.Unmarshal(b, &items); err != nil {
		// Its report has a line for each line of the file around the fault.
		first, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("read ratios: %s", first)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("read ratios: want a mapping from groups to ratios, such as \"layer1.*: 0.3\"")
	}
	var out []GroupRatio
	seen := map[string]bool{}
	for _, item := range items {
		r := GroupRatio{Pattern: fmt.Sprint(item.Key)}
		switch v := item.Value.(type) {
		case float64:
			r.Ratio = v
		case uint64:
			r.Ratio = float64(v)
		default:
			text, _ := v.(string)
			var err error
			if r.Ratio, err = share.Parse(text); err != nil {
				return nil, fmt.Errorf("read ratios: %q: %v: %w", r.Pattern, v, err)
			}
		}
		if err := r.check(); err != nil {
			return nil, fmt.Errorf("read ratios: %w", err)
		}
		if seen[r.Pattern] {
			return nil, fmt.Errorf("read ratios: %q is there twice", r.Pattern)
		}
		seen[r.Pattern] = true
		out = append(out, r)
	}
	return out, nil
}

func (r GroupRatio) check() error {
	if !(r.Ratio >= 0 && r.Ratio < 1) {
		return fmt.Errorf("%q: ratio %v: want the share of channels to remove, from 0 up to but not including 1", r.Pattern, r.Ratio)
	}
	return glob.Check(r.Pattern)
}

// match reports whether the pattern is the group's name or stands for a
// weight that makes its channels.
func (r GroupRatio) match(a *Analysis, g *Group) bool {
	if r.Pattern == g.Name() {
		return true
	}
	for _, m := range g.Members {
		if a.contracted(m.use)[m.Axis] {
			continue
		}
		for _, name := range []string{m.Initializer, m.String()} {
			if glob.Match(r.Pattern, name) {
				return true
			}
		}
	}
	return false
}

// ownRatios finds the groups that have a ratio of their own, by ID. The
// group's name goes before globs; globs of different ratios on one group, and
// patterns for nothing, are errors.
func (a *Analysis) ownRatios(list []GroupRatio) (map[int]float64, error) {
	own, by := map[int]float64{}, map[int]GroupRatio{}
	for _, r := range list {
		if err := r.check(); err != nil {
			return nil, err
		}
		found := false
		for _, g := range a.Groups {
			if !r.match(a, g) {
				continue
			}
			found = true
			have, taken := by[g.ID]
			switch {
			case taken && have.Pattern == g.Name():
				continue
			case taken && r.Pattern != g.Name() && have.Ratio != r.Ratio:
				return nil, fmt.Errorf("group %s is given the ratio %v by %q and %v by %q; name the group to settle it",
					g.Name(), have.Ratio, have.Pattern, r.Ratio, r.Pattern)
			}
			own[g.ID], by[g.ID] = r.Ratio, r
		}
		if !found {
			return nil, fmt.Errorf("no group that can be pruned matches %q; inspect lists them", r.Pattern)
		}
	}
	return own, nil
}
