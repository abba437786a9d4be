package models

import "fmt"

// pool marks a max pooling in a list of channels.
const pool = 0

// vggLayers are the convolutions' channels of configurations A, D and E.
var vggLayers = map[int][]int{
	11: {64, pool, 128, pool, 256, 256, pool, 512, 512, pool, 512, 512, pool},
	16: {64, 64, pool, 128, 128, pool, 256, 256, 256, pool, 512, 512, 512, pool, 512, 512, 512, pool},
	19: {64, 64, pool, 128, 128, pool, 256, 256, 256, 256, pool, 512, 512, 512, 512, pool, 512, 512, 512, 512, pool},
}

// vgg is VGG with BatchNorm in the form usual for CIFAR: torchvision's
// features, whose names and convolution biases it keeps, and one fully
// connected layer in the place of ImageNet's three. The map after the last
// pooling is flattened whole, 1×1 at 32×32 pixels.
func vgg(depth int) arch {
	return arch{
		Info: Info{
			Name:    fmt.Sprintf("vgg%d-bn", depth),
			Summary: fmt.Sprintf("VGG-%d with BatchNorm for CIFAR, one fully connected layer", depth),
			Source:  "Simonyan and Zisserman, arXiv 1409.1556",
			Input:   [3]int{3, 32, 32}, Classes: 10, MinSide: 32,
		},
		build: func(b *builder, x maps) {
			i := 0
			next := func() string { i++; return fmt.Sprintf("features.%d", i-1) }
			for _, c := range vggLayers[depth] {
				if c == pool {
					x = b.maxPool(next(), x, 2, 0)
					continue
				}
				x = b.conv(next(), x, convSpec{out: b.width(c), kernel: 3, pad: 1, bias: true})
				x = b.bn(next(), x)
				x = b.relu(next(), x)
			}
			b.classify("classifier", b.flatten(x), smallNormal())
		},
	}
}
