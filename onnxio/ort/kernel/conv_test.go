//go:build cgo

package kernel_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/ort/kernel"
)

// convolution is a geometry; c and m count the channels of a group.
type convolution struct {
	n, group, c, m                 int64
	in, kernel, strides, dilations []int64
	begin, end                     []int64
	bias                           bool
}

func (v convolution) out() []int64 {
	var out []int64
	for i, in := range v.in {
		out = append(out, (in+v.begin[i]+v.end[i]-(v.kernel[i]-1)*v.dilations[i]-1)/v.strides[i]+1)
	}
	return out
}

func (v convolution) attrs(more ...onnxio.Attr) []onnxio.Attr {
	return append(more, onnxio.Ints("strides", v.strides...), onnxio.Ints("dilations", v.dilations...),
		onnxio.Ints("pads", slices.Concat(v.begin, v.end)...), onnxio.Int("group", v.group))
}

// nodes returns the three operators over x, w, bias and dy.
func (v convolution) nodes() []onnxio.NodeSpec {
	inputs := []string{"0", "1"}
	if v.bias {
		inputs = append(inputs, "2")
	}
	return []onnxio.NodeSpec{
		{Op: "Conv", Domain: kernel.Domain, Inputs: inputs, Outputs: []string{"y"}, Attrs: v.attrs()},
		{Op: "ConvInputGrad", Domain: kernel.Domain, Inputs: []string{"3", "1"}, Outputs: []string{"dx"}, Attrs: v.attrs(onnxio.Ints("spatial", v.in...))},
		{Op: "ConvWeightGrad", Domain: kernel.Domain, Inputs: []string{"0", "3"}, Outputs: []string{"dw"}, Attrs: v.attrs(onnxio.Ints("kernel_shape", v.kernel...))},
	}
}

func (v convolution) arrays(rng *rand.Rand) []array {
	return []array{
		normal(rng, slices.Concat([]int64{v.n, v.group * v.c}, v.in)...),
		normal(rng, slices.Concat([]int64{v.group * v.m, v.c}, v.kernel)...),
		normal(rng, v.group*v.m),
		normal(rng, slices.Concat([]int64{v.n, v.group * v.m}, v.out())...),
	}
}

// want is y, dx and dw by their definition, in double precision.
func (v convolution) want(x, w, bias, dy array) []array {
	y, dx, dw := make([]float64, len(dy.data)), make([]float64, len(x.data)), make([]float64, len(w.data))
	out := v.out()
	for row := range v.n * v.group * v.m {
		n, m := row/(v.group*v.m), row%(v.group*v.m)
		for o, at := range grid(out) {
			to := row*count(out) + o
			if v.bias {
				y[to] = float64(bias.data[m])
			}
			for k, tap := range grid(v.kernel) {
				from, inside := int64(0), true
				for i := range at {
					position := at[i]*v.strides[i] + tap[i]*v.dilations[i] - v.begin[i]
					inside = inside && position >= 0 && position < v.in[i]
					from = from*v.in[i] + position
				}
				for c := int64(0); inside && c < v.c; c++ {
					xi := ((n*v.group+m/v.m)*v.c+c)*count(v.in) + from
					wi := (m*v.c+c)*count(v.kernel) + k
					y[to] += float64(x.data[xi]) * float64(w.data[wi])
					dx[xi] += float64(dy.data[to]) * float64(w.data[wi])
					dw[wi] += float64(dy.data[to]) * float64(x.data[xi])
				}
			}
		}
	}
	return []array{{dy.shape, single(y)}, {x.shape, single(dx)}, {w.shape, single(dw)}}
}

func count(extents []int64) int64 {
	n := int64(1)
	for _, d := range extents {
		n *= d
	}
	return n
}

// grid returns the positions of a grid with their numbers.
func grid(extents []int64) func(func(int64, []int64) bool) {
	return func(yield func(int64, []int64) bool) {
		for i := range count(extents) {
			at, rest := make([]int64, len(extents)), i
			for k := len(extents) - 1; k >= 0; k-- {
				at[k], rest = rest%extents[k], rest/extents[k]
			}
			if !yield(i, at) {
				return
			}
		}
	}
}

func single(x []float64) []float32 {
	y := make([]float32, len(x))
	for i := range x {
		y[i] = float32(x[i])
	}
	return y
}

func square(n, c, m, in, kernel, stride, pad int64) convolution {
	two := func(v int64) []int64 { return []int64{v, v} }
	return convolution{n, 1, c, m, two(in), two(kernel), two(stride), two(1), two(pad), two(pad), false}
}

// anyConvolution draws a geometry whose output is not empty.
func anyConvolution(rng *rand.Rand) convolution {
	rank := 1 + rng.IntN(3)
	from := func(low, high int) int64 { return int64(low + rng.IntN(high-low+1)) }
	largest := []int{70, 20, 7}[rank-1]
	for {
		v := convolution{n: from(1, 5), group: from(1, 3), c: from(1, 5), m: from(1, 19), bias: rng.IntN(2) == 0}
		if rng.IntN(3) == 0 {
			v.group, v.c = 1, from(1, 20)
		}
		if rng.IntN(4) == 0 {
			v.n = from(6, 35)
		}
		fits := true
		for i := range rank {
			v.in, v.kernel = append(v.in, from(1, largest)), append(v.kernel, from(1, 4))
			v.strides, v.dilations = append(v.strides, from(1, 3)), append(v.dilations, from(1, 2))
			v.begin, v.end = append(v.begin, from(0, 3)), append(v.end, from(0, 3))
			fits = fits && v.in[i]+v.begin[i]+v.end[i] > (v.kernel[i]-1)*v.dilations[i]
		}
		if fits {
			return v
		}
	}
}

func convolutions() []convolution {
	list := []convolution{
		square(2, 16, 16, 32, 3, 1, 1), square(3, 32, 32, 16, 3, 1, 1), square(5, 64, 64, 8, 3, 1, 1),
		square(2, 3, 16, 32, 3, 1, 1), square(4, 16, 32, 16, 3, 2, 1), square(4, 16, 32, 16, 1, 2, 0),
		square(2, 20, 9, 16, 1, 1, 0), square(1, 3, 5, 30, 7, 2, 3), square(33, 5, 7, 1, 1, 1, 0),
		square(1, 2, 3, 5, 1, 7, 0), square(18, 2, 3, 4, 3, 1, 1), square(2, 2, 2, 1, 3, 1, 3),
	}
	depthwise := square(3, 1, 1, 14, 3, 1, 1)
	depthwise.group = 21
	multiplied := square(3, 1, 2, 14, 5, 2, 2)
	multiplied.group = 6
	list = append(list, depthwise, multiplied)
	rng := rand.New(rand.NewPCG(7, 7))
	for range 60 {
		list = append(list, anyConvolution(rng))
	}
	return list
}

func TestConvolutions(t *testing.T) {
	all := convolutions()
	eachLevel(t, func(t *testing.T) {
		for i, v := range all {
			rng := rand.New(rand.NewPCG(2, uint64(i)))
			in := v.arrays(rng)
			want := v.want(in[0], in[1], in[2], in[3])
			got := compute(t, 1+i%3, v.nodes(), []string{"y", "dx", "dw"}, in...)
			terms := []int64{v.c * count(v.kernel), v.m * count(v.kernel), v.n * count(v.out())}
			for k, name := range []string{"y", "dx", "dw"} {
				near(t, fmt.Sprintf("%+v: %s", v, name), got[k], want[k], 2e-7*(4+math.Sqrt(float64(terms[k]))))
			}
		}
	})
}

func TestConvolutionsGiveTheSameBits(t *testing.T) {
	for i, v := range []convolution{square(37, 9, 12, 9, 3, 2, 1), square(2, 20, 70, 12, 3, 1, 1)} {
		in := v.arrays(rand.New(rand.NewPCG(3, uint64(i))))
		first := compute(t, 4, v.nodes(), []string{"y", "dx", "dw"}, in...)
		for range 5 {
			for k, again := range compute(t, 4, v.nodes(), []string{"y", "dx", "dw"}, in...) {
				if !slices.Equal(again.data, first[k].data) {
					t.Fatalf("%+v: output %d differs between runs", v, k)
				}
			}
		}
	}
}

func TestConvolutionsRefuse(t *testing.T) {
	v := square(2, 3, 4, 8, 3, 1, 1)
	in := v.arrays(rand.New(rand.NewPCG(4, 4)))
	large, ranks, groups := v, v, v
	large.in = []int64{9, 9}
	ranks.strides = []int64{1}
	groups.group = 2
	for _, c := range []struct {
		of   convolution
		node int
		want string
	}{
		{large, 1, "the output's gradient does not have the output's extents"},
		{ranks, 0, "its attributes are not of one rank of 1 to 3"},
		{groups, 0, "its channels are no multiple of its group"},
	} {
		node := c.of.nodes()[c.node]
		_, err := tryCompute(t, 1, []onnxio.NodeSpec{node}, node.Outputs, in...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s of %+v: %v, want %q", node.Op, c.of, err, c.want)
		}
	}
}
