package op

import (
	"fmt"
	"slices"
)

// Product says how output 0 of a node is made of an operand and a weight: at
// each place of the output, a sum of the operand's elements times weights,
// apart from a bias. Which elements a sum meets does not depend on the weight,
// so that a weight can be fitted by least squares.
type Product struct {
	X, W    int     // the inputs: the operand, and the weight
	Channel int     // the axis of X that is summed over
	Sum     int     // the axis of the output that tells the sums of a place apart
	In, Out int     // the weight's axes of the channels and of the sums
	Groups  int     // blocks of channels, each with as many sums of its own
	Factor  float64 // of every sum
	// Slides says for each axis of the output where along X it reads. That of
	// Sum is of no meaning.
	Slides []Slide
}

// Slide relates an axis of the output to one of the operand.
type Slide struct {
	X      int // the operand's axis
	Kernel int // the weight's axis of the window, -1 where a place reads one element
	// At place i, element k of the window is i·Stride − Begin + k·Dilation of
	// X; with Spread, i is k·Dilation − Begin + Stride times that element.
	Stride, Dilation, Begin int64
	Spread                  bool
}

// element is the position along X that place i meets with element k of the
// window; false where it meets none.
func (s Slide) element(i, k, extent int64) (int64, bool) {
	at := i
	switch {
	case s.Spread:
		at = i + s.Begin - k*s.Dilation
		if at%s.Stride != 0 {
			return 0, false
		}
		at /= s.Stride
	case s.Kernel >= 0:
		at = i*s.Stride - s.Begin + k*s.Dilation
	}
	return at, at >= 0 && at < extent
}

// Layout is a Product at the extents of an operand and a weight.
type Layout struct {
	*Product
	// Features is how many elements a sum meets, Sums how many sums there are at
	// a place, both of one group.
	Features, Sums int

	x, w   []int64
	kernel []int64 // extents of the window, by its axes
	slides []Slide // of those axes
	stride []int64 // of X in elements
}

// At lays the product out for an operand and a weight of the given extents.
func (p *Product) At(x, w []int64) *Layout {
	l := &Layout{Product: p, x: x, w: w, stride: strides(x)}
	l.Features, l.Sums = int(x[p.Channel])/p.Groups, 1
	for k, e := range w {
		switch {
		case k == p.Out:
			l.Sums = int(e)
		case k != p.In:
			i := slices.IndexFunc(p.Slides, func(s Slide) bool { return s.Kernel == k })
			l.kernel, l.slides = append(l.kernel, e), append(l.slides, p.Slides[i])
			l.Features *= int(e)
		}
	}
	if l.outOfAll() {
		l.Sums /= p.Groups
	}
	return l
}

// outOfAll reports whether the weight's axis Out runs over the sums of all
// groups; it is In then that runs over the channels of one.
func (l *Layout) outOfAll() bool { return l.w[l.In]*int64(l.Groups) == l.x[l.Channel] }

func strides(dims []int64) []int64 {
	out := make([]int64, len(dims))
	n := int64(1)
	for k := len(dims) - 1; k >= 0; k-- {
		out[k] = n
		n *= dims[k]
	}
	return out
}

// Row writes what the sums of each group meet at a place, as Groups rows of
// Features elements of x; what lies outside is 0. The place is an index for
// each axis of the output.
func (l *Layout) Row(dst []float32, x []float32, place []int64) {
	base := int64(0)
	for k, s := range l.Slides {
		if k != l.Sum && s.Kernel < 0 {
			base += l.stride[s.X] * place[k]
		}
	}
	window := 1
	for _, e := range l.kernel {
		window *= int(e)
	}
	offsets := make([]int64, window)
	for q := range offsets {
		offsets[q] = base
		rest := int64(q)
		for j := len(l.kernel) - 1; j >= 0 && offsets[q] >= 0; j-- {
			s := l.slides[j]
			at, ok := s.element(place[l.placeOf(s)], rest%l.kernel[j], l.x[s.X])
			rest /= l.kernel[j]
			if !ok {
				offsets[q] = -1
				break
			}
			offsets[q] += at * l.stride[s.X]
		}
	}
	at := 0
	for c := range l.x[l.Channel] {
		from := x[c*l.stride[l.Channel]:]
		for _, o := range offsets {
			dst[at] = 0
			if o >= 0 {
				dst[at] = from[o]
			}
			at++
		}
	}
}

// placeOf is the output's axis of a slide over a window.
func (l *Layout) placeOf(s Slide) int {
	return slices.IndexFunc(l.Slides, func(o Slide) bool { return o.Kernel == s.Kernel })
}

// Weight is the position in the weight of what feature f of a group is
// multiplied by in the group's sum m.
func (l *Layout) Weight(group, f, m int) int {
	at := strides(l.w)
	window := l.Features / (int(l.x[l.Channel]) / l.Groups)
	c, rest := f/window, f%window
	if l.outOfAll() {
		m += group * l.Sums
	} else {
		c += group * int(l.x[l.Channel]) / l.Groups
	}
	pos := c*int(at[l.In]) + m*int(at[l.Out])
	axes := make([]int, 0, len(l.w))
	for k := range l.w {
		if k != l.In && k != l.Out {
			axes = append(axes, k)
		}
	}
	for j := len(axes) - 1; j >= 0; j-- {
		pos += rest % int(l.kernel[j]) * int(at[axes[j]])
		rest /= int(l.kernel[j])
	}
	return pos
}

// ProductOf returns the product that a node is in its input x, where the
// operator says one.
func ProductOf(c *Infer, x int) (*Product, error) {
	d := Lookup(c.Node, c.Opset)
	if d == nil || d.Linear == nil || d.Linear.Product == nil {
		return nil, fmt.Errorf("%s says of no weight how it is summed", c.Node.Op())
	}
	return d.Linear.Product(c, x)
}

// product is the form of a convolution.
func (f convForm) product(c *Infer, x int) (*Product, error) {
	shape := c.In(f.x).Shape
	win, err := newWindow(c, c.In(f.w).Shape[2:])
	if err != nil {
		return nil, err
	}
	if x != f.x {
		return nil, fmt.Errorf("input %d is no operand that slides", x)
	}
	if err := win.resolve(shape[2:]); err != nil {
		return nil, err
	}
	p := &Product{X: f.x, W: f.w, Channel: 1, Sum: 1, In: 1, Out: 0, Groups: int(c.Node.Int("group", 1)), Factor: 1}
	p.Slides = win.slides(false)
	return p, nil
}

// slides are those of an output [N,C,spatial…].
func (w *window) slides(spread bool) []Slide {
	out := []Slide{{X: 0, Kernel: -1}, {X: 1, Kernel: -1}}
	for i := range w.kernel {
		out = append(out, Slide{X: i + 2, Kernel: i + 2, Stride: w.stride[i], Dilation: w.dilation[i], Begin: w.begin[i], Spread: spread})
	}
	return out
}

func convTransposeProduct(c *Infer, x int) (*Product, error) {
	s, err := newSpreading(c)
	if err != nil {
		return nil, err
	}
	if x != 0 {
		return nil, fmt.Errorf("input %d is no operand that slides", x)
	}
	if err := s.resolve(c.In(0).Shape[2:]); err != nil {
		return nil, err
	}
	return &Product{
		X: 0, W: 1, Channel: 1, Sum: 1, In: 0, Out: 1, Groups: int(c.Node.Int("group", 1)), Factor: 1, Slides: s.slides(true),
	}, nil
}

func (f gemmForm) product(c *Infer, x int) (*Product, error) {
	p := &Product{X: f.a, W: f.b, Groups: 1, Factor: float64(c.Node.Float("alpha", 1)), Sum: 1, Slides: make([]Slide, 2)}
	place, in := f.left(c)
	p.Out, p.In = f.right(c)
	if x == f.b {
		place, in = f.right(c)
		p.X, p.W, p.Sum = f.b, f.a, 0
		p.Out, p.In = f.left(c)
	}
	p.Channel = in
	p.Slides[1-p.Sum] = Slide{X: place, Kernel: -1}
	return p, nil
}

// matrixProduct is that of two operands whose axes are multiplied in the given
// orders.
func matrixProduct(c *Infer, x int, slots [2]int, orders [2][]int64) (*Product, error) {
	left := x == slots[0] // the operand that varies
	operand, weight := orders[0], orders[1]
	w := slots[1]
	if !left {
		operand, weight, w = weight, operand, slots[0]
	}
	if len(weight) != 2 || len(operand) < 2 {
		return nil, fmt.Errorf("operands %v and %v: want a matrix as the weight", c.In(slots[0]).Shape, c.In(slots[1]).Shape)
	}
	n := len(operand)
	p := &Product{X: x, W: w, Groups: 1, Factor: 1, Slides: make([]Slide, n)}
	for k, at := range operand {
		p.Slides[k] = Slide{X: int(at), Kernel: -1}
	}
	if left {
		p.Channel, p.Sum, p.In, p.Out = int(operand[n-1]), n-1, int(weight[0]), int(weight[1])
	} else {
		p.Channel, p.Sum, p.In, p.Out = int(operand[n-2]), n-2, int(weight[1]), int(weight[0])
	}
	return p, nil
}

func (f matMulForm) product(c *Infer, x int) (*Product, error) {
	return matrixProduct(c, x, [2]int{f.a, f.b}, [2][]int64{span64(len(c.In(f.a).Shape)), span64(len(c.In(f.b).Shape))})
}

func span64(n int) []int64 {
	out := make([]int64, n)
	for k := range out {
		out[k] = int64(k)
	}
	return out
}

func fusedMatMulProduct(c *Infer, x int) (*Product, error) {
	p, err := matrixProduct(c, x, [2]int{0, 1}, [2][]int64{exchanged(c, 0), exchanged(c, 1)})
	if err == nil {
		p.Factor = float64(c.Node.Float("alpha", 1))
	}
	return p, err
}
