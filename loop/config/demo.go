package config

// DemoConfig is the whole method in small: 1,200 labels out of 6,000
// embedded images of Fashion-MNIST, chosen in two rounds by a half-width
// selector, in under two minutes on two cores.
func DemoConfig() Config {
	c := DefaultConfig()
	c.Title = "PruneFuse on Fashion-MNIST: the demo"
	c.Data, c.Test = "demo", "demo:test"
	c.Model = Network{Arch: "lenet", Width: 2}
	c.Label = Label{Initial: 300, Add: []int{300, 600}, Strategy: "margin"}
	recipe := Training{
		Steps: 300, Batch: 64, LR: 0.05, Milestones: []float64{0.5, 0.8}, Gamma: 0.2,
		Momentum: 0.9, WeightDecay: 5e-4,
	}
	c.Selector.Training, c.Final.Training = recipe, recipe
	return c
}
