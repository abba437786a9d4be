package loop

import "github.com/prunefuse/prunefuse/loop/config"

// Spec says what an arm does.
type Spec struct {
	Config config.Config
	Picker Picker // who chooses
	Fuses  bool   // a selector is fused into the full network before that is trained
	Shares Shares
	// Exports says that the result is made ready for deployment.
	Exports bool
	// Prices says that the trained network passes over the pool once, to tell
	// what choosing with it would have cost.
	Prices bool
}

// Picker is who chooses the samples of an arm.
type Picker int

// The pickers.
const (
	Nobody   Picker = iota // chance
	Selector               // the pruned network
	Dense                  // the full network
	Proxy                  // a smaller network of the zoo
)

// Shares says which labels an arm takes over from the first one.
type Shares int

// What an arm shares.
const (
	Nothing Shares = iota
	FirstLabels
	AllLabels
)

// Specs returns the arms of a configuration, the method first.
func Specs(c config.Config) []Arm {
	all := map[string]Spec{
		config.ArmPruneFuse: {Picker: Selector, Fuses: true, Exports: true},
		config.ArmScratch:   {Shares: AllLabels, Prices: true},
		config.ArmDense:     {Picker: Dense, Shares: FirstLabels},
		config.ArmProxy:     {Picker: Proxy, Shares: FirstLabels},
		config.ArmRandom:    {Fuses: true, Shares: FirstLabels},
	}
	named := map[string]bool{}
	for _, name := range c.Arms {
		named[name] = true
	}
	var arms []Arm
	for _, name := range config.Arms() {
		if named[name] {
			spec := all[name]
			spec.Config = c
			arms = append(arms, Arm{Name: name, Spec: spec})
		}
	}
	return arms
}

// syncs reports whether the full network is trained and pruned anew after
// round k.
func (s Spec) syncs(k int) bool {
	every := s.Config.Label.Sync
	return s.Picker == Selector && every > 0 && (k+1)%every == 0
}
