package models

import "fmt"

// preResNet is a residual network with BatchNorm and ReLU before each
// convolution (He et al., arXiv 1603.05027). The stem is a bare convolution,
// the last addition is followed by BatchNorm and ReLU, and where a block
// changes shape its shortcut is a 1×1 convolution of the activated input,
// without BatchNorm. This is the form of the PruneFuse paper: at depth 56 it
// has the 855,578 parameters and 125.75 M multiply-accumulates that the
// paper's ratios start from.
type preResNet struct {
	stem       int // channels
	blocks     []int
	channels   []int
	bottleneck bool
}

func (r preResNet) build(b *builder, x maps) {
	x = b.conv("conv1", x, conv3x3(b.width(r.stem), 1))
	block := preBasicBlock
	if r.bottleneck {
		block = preBottleneckBlock
	}
	x = b.stages(x, r.blocks, r.channels, block)
	b.pooledHead(b.relu("relu", b.bn("bn", x)))
}

func preBasicBlock(b *builder, name string, x maps, channels, stride int) maps {
	a := b.relu(name+".relu1", b.bn(name+".bn1", x))
	y := b.conv(name+".conv1", a, conv3x3(channels, stride))
	y = b.relu(name+".relu2", b.bn(name+".bn2", y))
	y = b.conv(name+".conv2", y, conv3x3(channels, 1))
	return b.add(name+".add", y, preProjection(b, name, x, a, channels, stride))
}

func preBottleneckBlock(b *builder, name string, x maps, channels, stride int) maps {
	out := channels * bottleneckExpansion
	a := b.relu(name+".relu1", b.bn(name+".bn1", x))
	y := b.conv(name+".conv1", a, conv1x1(channels, 1))
	y = b.relu(name+".relu2", b.bn(name+".bn2", y))
	y = b.conv(name+".conv2", y, conv3x3(channels, stride))
	y = b.relu(name+".relu3", b.bn(name+".bn3", y))
	y = b.conv(name+".conv3", y, conv1x1(out, 1))
	return b.add(name+".add", y, preProjection(b, name, x, a, out, stride))
}

// preProjection returns the shortcut of a block with input x and activated
// input a.
func preProjection(b *builder, name string, x, a maps, out, stride int) maps {
	if stride == 1 && x.c == out {
		return x
	}
	return b.conv(name+".downsample.0", a, conv1x1(out, stride))
}

func cifarPreResNet(depth ...int) (arch, error) {
	blocks, bottleneck, err := cifarStages(depth[0])
	if err != nil {
		return arch{}, err
	}
	return arch{
		Info: Info{
			Summary: fmt.Sprintf("pre-activation ResNet-%d for CIFAR, 16/32/64 channels%s", depth[0], bottleneckNote(bottleneck)),
			Source:  "He et al., arXiv 1603.05027; the PruneFuse paper, arXiv 2603.26138",
			Input:   [3]int{3, 32, 32}, Classes: 10,
		},
		build: preResNet{16, blocks, cifarChannels(), bottleneck}.build,
	}, nil
}
