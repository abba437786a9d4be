package models

import (
	"fmt"
	"slices"
)

// bottleneckExpansion is how many times wider a bottleneck block's output is
// than its inner convolutions.
const bottleneckExpansion = 4

// resNet is a residual network with the activation after the addition (He et
// al., arXiv 1512.03385). Where a block changes shape its shortcut is a 1×1
// convolution with BatchNorm, the paper's option B, at CIFAR sizes too:
// padding with zero channels (option A) ties channel i of one stage to
// channel i+k of the next.
type resNet struct {
	stem       func(*builder, maps) maps
	blocks     []int // in each stage
	channels   []int // of the inner convolutions of each stage
	bottleneck bool  // 1×1, 3×3 (with the stride), 1×1 instead of 3×3, 3×3
}

func (r resNet) build(b *builder, x maps) {
	x = r.stem(b, x)
	block := basicBlock
	if r.bottleneck {
		block = bottleneckBlock
	}
	b.pooledHead(b.stages(x, r.blocks, r.channels, block))
}

// blockFunc adds one residual block of the given inner channels.
type blockFunc func(b *builder, name string, x maps, channels, stride int) maps

// stages adds the blocks layer1.0, layer1.1, …; each stage after the first
// halves the resolution in its first block.
func (b *builder) stages(x maps, blocks, channels []int, block blockFunc) maps {
	for s, n := range blocks {
		for i := range n {
			stride := 1
			if s > 0 && i == 0 {
				stride = 2
			}
			x = block(b, fmt.Sprintf("layer%d.%d", s+1, i), x, b.width(channels[s]), stride)
		}
	}
	return x
}

func conv1x1(out, stride int) convSpec { return convSpec{out: out, kernel: 1, stride: stride} }

func conv3x3(out, stride int) convSpec { return convSpec{out: out, kernel: 3, stride: stride, pad: 1} }

// smallStem keeps the resolution, for CIFAR-sized images.
func smallStem(channels int) func(*builder, maps) maps {
	return func(b *builder, x maps) maps {
		x = b.conv("conv1", x, conv3x3(b.width(channels), 1))
		return b.relu("relu", b.bn("bn1", x))
	}
}

// imageNetStem quarters the resolution.
func imageNetStem(b *builder, x maps) maps {
	x = b.conv("conv1", x, convSpec{out: b.width(64), kernel: 7, stride: 2, pad: 3})
	return b.maxPool("maxpool", b.relu("relu", b.bn("bn1", x)), 3, 1)
}

func basicBlock(b *builder, name string, x maps, channels, stride int) maps {
	y := b.conv(name+".conv1", x, conv3x3(channels, stride))
	y = b.relu(name+".relu1", b.bn(name+".bn1", y))
	y = b.bn(name+".bn2", b.conv(name+".conv2", y, conv3x3(channels, 1)))
	y = b.add(name+".add", y, projection(b, name, x, channels, stride))
	return b.relu(name+".relu2", y)
}

func bottleneckBlock(b *builder, name string, x maps, channels, stride int) maps {
	out := channels * bottleneckExpansion
	y := b.conv(name+".conv1", x, conv1x1(channels, 1))
	y = b.relu(name+".relu1", b.bn(name+".bn1", y))
	y = b.conv(name+".conv2", y, conv3x3(channels, stride))
	y = b.relu(name+".relu2", b.bn(name+".bn2", y))
	y = b.bn(name+".bn3", b.conv(name+".conv3", y, conv1x1(out, 1)))
	y = b.add(name+".add", y, projection(b, name, x, out, stride))
	return b.relu(name+".relu3", y)
}

// projection returns the shortcut of a block: x itself where it has the block's
// output shape.
func projection(b *builder, name string, x maps, out, stride int) maps {
	if stride == 1 && x.c == out {
		return x
	}
	return b.bn(name+".downsample.1", b.conv(name+".downsample.0", x, conv1x1(out, stride)))
}

// cifarStages returns the blocks of each of three equal stages of a CIFAR
// network of that depth. Depths 6n+2 have n basic blocks a stage; 164 and 1001,
// which the papers build so, have bottlenecks, 9n+2.
func cifarStages(depth int) (blocks []int, bottleneck bool, err error) {
	if depth == 164 || depth == 1001 {
		return slices.Repeat([]int{(depth - 2) / 9}, 3), true, nil
	}
	if err := checkDepth(depth, 2); err != nil {
		return nil, false, err
	}
	return slices.Repeat([]int{(depth - 2) / 6}, 3), false, nil
}

// maxDepth is the deepest of the papers' networks.
const maxDepth = 1202

// checkDepth wants a depth of the form 6n+remainder.
func checkDepth(depth, remainder int) error {
	least, most := 6+remainder, maxDepth-(maxDepth-remainder)%6
	if depth >= least && depth <= most && depth%6 == remainder {
		return nil
	}
	below := min(max((depth-remainder)/6*6+remainder, least), most-6)
	return fmt.Errorf("depth %d is not 6n+%d from %d to %d; the nearest are %d and %d", depth, remainder, least, most, below, below+6)
}

func cifarChannels() []int { return []int{16, 32, 64} }

func cifarResNet(depth ...int) (arch, error) {
	blocks, bottleneck, err := cifarStages(depth[0])
	if err != nil {
		return arch{}, err
	}
	return arch{
		Info: Info{
			Summary: fmt.Sprintf("ResNet-%d for CIFAR, 16/32/64 channels%s", depth[0], bottleneckNote(bottleneck)),
			Source:  "He et al., arXiv 1512.03385, §4.2",
			Input:   [3]int{3, 32, 32}, Classes: 10,
		},
		build: resNet{smallStem(16), blocks, cifarChannels(), bottleneck}.build,
	}, nil
}

func bottleneckNote(bottleneck bool) string {
	if bottleneck {
		return " ×4, bottleneck blocks"
	}
	return ""
}

// bigResNet returns one of torchvision's networks.
func bigResNet(depth int, bottleneck bool, blocks ...int) arch {
	return arch{
		Info: Info{
			Name:    fmt.Sprintf("resnet%d", depth),
			Summary: fmt.Sprintf("ResNet-%d as in torchvision, 7×7 stem and pooling", depth),
			Source:  "He et al., arXiv 1512.03385, §4.1",
			Input:   [3]int{3, 224, 224}, Classes: 1000,
		},
		build: resNet{imageNetStem, blocks, []int{64, 128, 256, 512}, bottleneck}.build,
	}
}

// bigResNetCIFAR returns one of torchvision's networks with a stem for small
// images.
func bigResNetCIFAR(depth int, bottleneck bool, blocks ...int) arch {
	a := bigResNet(depth, bottleneck, blocks...)
	a.Name += "-cifar"
	a.Summary = fmt.Sprintf("ResNet-%d with a 3×3 stem, no pooling", depth)
	a.Source += "; stem as in selection-via-proxy"
	a.Input, a.Classes = [3]int{3, 32, 32}, 10
	a.build = resNet{smallStem(64), blocks, []int{64, 128, 256, 512}, bottleneck}.build
	return a
}
