package models

import "fmt"

// inverted is a run of inverted residual blocks: the first has the stride.
type inverted struct{ expand, channels, blocks, stride int }

// mobileNetV2 is MobileNetV2 layer for layer as in torchvision. The form for
// CIFAR leaves out the first two of its five halvings, in the stem and the
// second run, as is usual at 32×32 pixels; its weights have the same shapes.
func mobileNetV2(cifar bool) arch {
	runs := []inverted{
		{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1},
	}
	stem := 2
	a := arch{Info: Info{
		Name:    "mobilenetv2",
		Summary: "MobileNetV2 as in torchvision",
		Source:  "Sandler et al., arXiv 1801.04381",
		Input:   [3]int{3, 224, 224}, Classes: 1000,
	}}
	if cifar {
		stem, runs[1].stride = 1, 1
		a.Name += "-cifar"
		a.Summary = "MobileNetV2 with the first two halvings left out"
		a.Input, a.Classes = [3]int{3, 32, 32}, 10
	}
	a.build = func(b *builder, x maps) {
		x = b.convBNClip("features.0", x, convSpec{out: multipleOf8(32 * b.o.Width), kernel: 3, stride: stem, pad: 1})
		i := 1
		for _, r := range runs {
			for j := range r.blocks {
				stride := 1
				if j == 0 {
					stride = r.stride
				}
				x = b.invertedResidual(fmt.Sprintf("features.%d", i), x, r.expand, multipleOf8(float64(r.channels)*b.o.Width), stride)
				i++
			}
		}
		last := multipleOf8(1280 * max(1, b.o.Width)) // a narrow network keeps its last layer
		x = b.convBNClip(fmt.Sprintf("features.%d", i), x, conv1x1(last, 1))
		b.classify("classifier.1", b.flatten(b.globalPool("avgpool", x)), smallNormal())
	}
	return a
}

// invertedResidual widens by 1×1, filters each channel by itself by 3×3, and
// narrows by 1×1 without an activation.
func (b *builder) invertedResidual(name string, x maps, expand, out, stride int) maps {
	y := x
	conv, i := name+".conv", 0
	next := func() string { i++; return fmt.Sprintf("%s.%d", conv, i-1) }
	if expand > 1 {
		y = b.convBNClip(next(), y, conv1x1(x.c*expand, 1))
	}
	y = b.convBNClip(next(), y, convSpec{out: y.c, kernel: 3, stride: stride, pad: 1, groups: y.c})
	y = b.conv(next(), y, conv1x1(out, 1))
	y = b.bn(next(), y)
	if stride == 1 && x.c == out {
		y = b.add(name+".add", y, x)
	}
	return y
}

func (b *builder) convBNClip(name string, x maps, s convSpec) maps {
	return b.clip6(name+".2", b.bn(name+".1", b.conv(name+".0", x, s)))
}

// multipleOf8 returns the authors' rule for a number of channels: the nearest
// multiple of 8, not below 8 and not more than a tenth below v.
func multipleOf8(v float64) int {
	n := max(8, int(v+4)/8*8)
	if float64(n) < 0.9*v {
		n += 8
	}
	return n
}
