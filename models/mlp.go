package models

// mlp returns a perceptron with two hidden layers.
func mlp() arch {
	return arch{
		Info: Info{
			Name:    "mlp",
			Summary: "perceptron with hidden layers of 256 and 128",
			Source:  "Rumelhart et al., Nature 323, 1986",
			Input:   [3]int{1, 28, 28}, Classes: 10,
		},
		build: func(b *builder, x maps) {
			v := b.flatten(x)
			v = b.linearReLU("fc1", "relu1", v, b.width(256))
			v = b.linearReLU("fc2", "relu2", v, b.width(128))
			b.classify("fc3", v, torchDefault(v.n))
		},
	}
}
