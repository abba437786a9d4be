package models

import (
	"fmt"
	"math"

	"github.com/prunefuse/prunefuse/onnxio"
)

// builder adds layers to a patch. A layer called "name" is a node "name" that
// makes the value "name.out" from its initializers "name.weight" and so on.
type builder struct {
	patch *onnxio.Patch
	o     Options // with defaults
	relu6 []string
	// Weights are drawn last, when it is known that they fit into a file.
	params []param
	bytes  int64
	err    error
}

// param is an initializer to be drawn.
type param struct {
	name  string
	shape []int64
	n     int64
	init  sampler
}

// maps is a value of shape [N,c,h,w].
type maps struct {
	name    string
	c, h, w int
}

// vector is a value of shape [N,n].
type vector struct {
	name string
	n    int
}

func (b *builder) input() maps {
	in := b.o.Input
	b.patch.SetInputType("input", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{
		onnxio.Symbol("N"), onnxio.Known(int64(in[0])), onnxio.Known(int64(in[1])), onnxio.Known(int64(in[2])),
	}})
	return maps{"input", in[0], in[1], in[2]}
}

// width returns a layer's channels after Options.Width. The small addend keeps
// a product such as 0.29·100 from falling below its whole number.
func (b *builder) width(channels int) int {
	return max(1, int(math.Floor(float64(channels)*b.o.Width+1e-9)))
}

func (b *builder) node(op, name string, inputs []string, attrs ...onnxio.Attr) string {
	out := name + ".out"
	b.patch.Add(onnxio.NodeSpec{Op: op, Name: name, Inputs: inputs, Outputs: []string{out}, Attrs: attrs})
	return out
}

// param adds an initializer drawn from s and returns its name.
func (b *builder) param(name string, s sampler, dims ...int) string {
	p := param{name: name, shape: make([]int64, len(dims)), n: 1, init: s}
	for i, d := range dims {
		p.shape[i] = int64(d)
		if p.shape[i] > math.MaxInt32/p.n {
			b.err = errTooLarge
			return name
		}
		p.n *= p.shape[i]
	}
	if b.bytes += 4 * p.n; b.bytes > math.MaxInt32 {
		b.err = errTooLarge
	}
	b.params = append(b.params, p)
	return name
}

// finish draws the weights and applies the patch.
func (b *builder) finish() error {
	if b.err != nil {
		return b.err
	}
	for _, p := range b.params {
		b.patch.SetInitializer(onnxio.NewTensor(p.name, p.shape, draw(b.o.Seed, p.name, p.n, p.init)))
	}
	return b.patch.Apply()
}

// convSpec describes a convolution. Zero stride and groups mean 1; no init
// means Kaiming normal by fan-out, with a bias of 0 where there is one.
type convSpec struct {
	out, kernel, stride, pad, groups int
	bias                             bool
	init                             initial
}

func (b *builder) conv(name string, x maps, s convSpec) maps {
	s.stride, s.groups = max(1, s.stride), max(1, s.groups)
	if s.init.weight == nil {
		s.init = initial{fanOutNormal(s.out, s.kernel), constant(0)}
	}
	in := []string{x.name, b.param(name+".weight", s.init.weight, s.out, x.c/s.groups, s.kernel, s.kernel)}
	if s.bias {
		in = append(in, b.param(name+".bias", s.init.bias, s.out))
	}
	attrs := window(s.kernel, s.stride, s.pad)
	if s.groups > 1 {
		attrs = append(attrs, onnxio.Int("group", int64(s.groups)))
	}
	return x.slid(b.node("Conv", name, in, attrs...), s.out, s.kernel, s.stride, s.pad)
}

// maxPool halves the resolution.
func (b *builder) maxPool(name string, x maps, kernel, pad int) maps {
	const stride = 2
	return x.slid(b.node("MaxPool", name, []string{x.name}, window(kernel, stride, pad)...), x.c, kernel, stride, pad)
}

func window(kernel, stride, pad int) []onnxio.Attr {
	k, s, p := int64(kernel), int64(stride), int64(pad)
	return []onnxio.Attr{onnxio.Ints("kernel_shape", k, k), onnxio.Ints("strides", s, s), onnxio.Ints("pads", p, p, p, p)}
}

// slid returns the value made by sliding a window over x.
func (x maps) slid(name string, c, kernel, stride, pad int) maps {
	y := maps{name, c, (x.h+2*pad-kernel)/stride + 1, (x.w+2*pad-kernel)/stride + 1}
	if x.h+2*pad < kernel || x.w+2*pad < kernel {
		panic(fmt.Sprintf("BUG: %s: window %d on %d×%d; MinSide is wrong", name, kernel, x.h, x.w))
	}
	return y
}

// bn normalises with PyTorch's constants: epsilon 1e-5, and a momentum that
// PyTorch counts from the other end as 0.1.
func (b *builder) bn(name string, x maps) maps {
	in := []string{
		x.name,
		b.param(name+".weight", constant(1), x.c),
		b.param(name+".bias", constant(0), x.c),
		b.param(name+".running_mean", constant(0), x.c),
		b.param(name+".running_var", constant(1), x.c),
	}
	x.name = b.node("BatchNormalization", name, in, onnxio.Float("epsilon", 1e-5), onnxio.Float("momentum", 0.9))
	return x
}

func (b *builder) relu(name string, x maps) maps {
	x.name = b.node("Relu", name, []string{x.name})
	return x
}

// clip6 is ReLU6. Its bounds are Constant nodes, as exporters write them, so
// that they do not count among the network's parameters.
func (b *builder) clip6(name string, x maps) maps {
	if b.relu6 == nil {
		for _, c := range []struct {
			name  string
			value float32
		}{{"relu6.min", 0}, {"relu6.max", 6}} {
			b.relu6 = append(b.relu6, b.node("Constant", c.name, nil, onnxio.TensorValue("value", onnxio.Scalar("", c.value))))
		}
	}
	x.name = b.node("Clip", name, append([]string{x.name}, b.relu6...))
	return x
}

func (b *builder) add(name string, x, y maps) maps {
	x.name = b.node("Add", name, []string{x.name, y.name})
	return x
}

func (b *builder) globalPool(name string, x maps) maps {
	return maps{b.node("GlobalAveragePool", name, []string{x.name}), x.c, 1, 1}
}

func (b *builder) flatten(x maps) vector {
	return vector{b.node("Flatten", "flatten", []string{x.name}, onnxio.Int("axis", 1)), x.c * x.h * x.w}
}

// linearReLU returns a fully connected layer, as PyTorch initialises it, with
// ReLU after it.
func (b *builder) linearReLU(name, relu string, x vector, n int) vector {
	out := name + ".out"
	b.gemm(name, out, x, n, torchDefault(x.n))
	return vector{b.node("Relu", relu, []string{out}), n}
}

// classify ends the network: a fully connected layer that makes "logits".
func (b *builder) classify(name string, x vector, init initial) {
	b.gemm(name, "logits", x, b.o.Classes, init)
	b.patch.SetOutputType("logits", onnxio.Type{Elem: onnxio.Float32, Shape: onnxio.Shape{
		onnxio.Symbol("N"), onnxio.Known(int64(b.o.Classes)),
	}})
}

func (b *builder) gemm(name, out string, x vector, n int, init initial) {
	b.patch.Add(onnxio.NodeSpec{
		Op: "Gemm", Name: name, Outputs: []string{out}, Attrs: []onnxio.Attr{onnxio.Int("transB", 1)},
		Inputs: []string{x.name, b.param(name+".weight", init.weight, n, x.n), b.param(name+".bias", init.bias, n)},
	})
}

// pooledHead averages each map and classifies, as every residual network
// here ends.
func (b *builder) pooledHead(x maps) {
	v := b.flatten(b.globalPool("avgpool", x))
	b.classify("fc", v, torchDefault(v.n))
}
