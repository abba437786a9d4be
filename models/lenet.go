package models

// leNet is LeNet-5 as it is usually built today: ReLU for tanh, max pooling
// for subsampling, every map of the first pooling connected to every
// convolution of the second. The first convolution is padded by 2, so that
// the original's 28×28 digits need no margin.
func leNet() arch {
	return arch{
		Info: Info{
			Name:    "lenet",
			Summary: "LeNet-5 with ReLU and max pooling",
			Source:  "LeCun et al., Proc. IEEE 86(11), 1998",
			Input:   [3]int{1, 28, 28}, Classes: 10, MinSide: 12,
		},
		build: func(b *builder, x maps) {
			conv := func(name string, x maps, out, pad int) maps {
				return b.conv(name, x, convSpec{out: b.width(out), kernel: 5, pad: pad, bias: true, init: torchDefault(x.c * 25)})
			}
			x = b.maxPool("pool1", b.relu("relu1", conv("conv1", x, 6, 2)), 2, 0)
			x = b.maxPool("pool2", b.relu("relu2", conv("conv2", x, 16, 0)), 2, 0)
			v := b.flatten(x)
			v = b.linearReLU("fc1", "relu3", v, b.width(120))
			v = b.linearReLU("fc2", "relu4", v, b.width(84))
			b.classify("fc3", v, torchDefault(v.n))
		},
	}
}
