package pruning

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/op"
)

// numbers rewrites what of the nodes counts or names positions of axes that
// are cut.
func (c *cutter) numbers() error {
	for _, n := range c.Model.Graph.Nodes() {
		rule := c.rules[n]
		lists := map[operand]*list{}
		for _, e := range rule.Extents {
			c.extent(n, e, lists)
		}
		c.state(n, lists)
		for _, t := range rule.Taken {
			c.take(n, t, lists)
		}
		for _, o := range slices.SortedFunc(maps.Keys(lists), operand.compare) {
			if err := c.rewrite(n, o, lists[o]); err != nil {
				return fmt.Errorf("%v: %w", n, err)
			}
		}
		for _, p := range rule.Positions {
			if err := c.number(n, p); err != nil {
				return fmt.Errorf("%v: %w", n, err)
			}
		}
	}
	return nil
}

// operand is an attribute or an input of a node that holds integers.
type operand struct {
	attr  string
	input int
}

func (o operand) compare(p operand) int {
	if o.input != p.input {
		return o.input - p.input
	}
	if o.attr < p.attr {
		return -1
	}
	return 1
}

// list is what the elements of an operand become.
type list struct {
	now     map[int]int64 // by element
	single  bool          // an integer attribute
	rest    bool          // an element −1 stands for what is left over
	instead string        // the attribute that gives way to the operand
}

func listOf(lists map[operand]*list, o operand) *list {
	if lists[o] == nil {
		lists[o] = &list{now: map[int]int64{}}
	}
	return lists[o]
}

func (c *cutter) extent(n *onnxio.Node, e op.Extent, lists map[operand]*list) {
	x := c.axisOf(n, e.Ref)
	stay := c.kept(x, c.gone)
	if len(stay) == x.extent() {
		return
	}
	from, to := e.From, e.To
	if to == 0 {
		to = x.extent()
	}
	now := 0
	for _, p := range stay {
		if p >= from && p < to {
			now++
		}
	}
	factor := e.Factor
	if factor == 0 {
		factor = 1
	}
	l := listOf(lists, operand{e.Attr, e.Input})
	l.single = e.Attr != "" && !e.List
	l.rest = l.rest || e.Rest
	l.instead = e.Instead
	l.now[e.Index] = int64(now) * factor / int64(max(e.Per, 1))
}

// state writes down what a node read off extents that are not what they were.
func (c *cutter) state(n *onnxio.Node, lists map[operand]*list) {
	for k := range c.rules[n].In(0).Shape {
		if len(c.rules[n].Stated) == 0 || !c.loses(c.axisOf(n, op.In(0, k)), c.gone) {
			continue
		}
		for _, e := range c.rules[n].Stated {
			listOf(lists, operand{e.Attr, e.Input}).now[e.Index] = e.Value
		}
	}
}

// take makes a node whose parameters cannot list what is left of an axis pass
// it on whole, and puts a Gather behind.
func (c *cutter) take(n *onnxio.Node, t op.Taken, lists map[operand]*list) {
	in, out := c.kept(c.axisOf(n, t.In), c.gone), c.kept(c.axisOf(n, t.Out), c.gone)
	if len(in) == c.axisOf(n, t.In).extent() {
		return
	}
	place := make(map[int]int64, len(in))
	for j, p := range in {
		place[p] = int64(j)
	}
	at := make([]int64, len(out))
	for j, p := range out {
		at[j] = place[t.At[p]]
	}
	for _, e := range t.Whole {
		l := listOf(lists, operand{e.Attr, e.Input})
		l.now[e.Index] = e.Value
	}
	name := n.Output(t.Out.Slot)
	whole := c.patch.Fresh(name + ".whole")
	index := c.constant(name+".taken", onnxio.NewTensor("", []int64{int64(len(at))}, at))
	if c.moved[n] == nil {
		c.moved[n] = slices.Clone(n.Outputs())
	}
	c.patch.Add(onnxio.NodeSpec{Op: "Gather", Name: index, Inputs: []string{whole, index}, Outputs: []string{c.moved[n][t.Out.Slot]}, Attrs: []onnxio.Attr{onnxio.Int("axis", int64(t.Out.Axis))}})
	c.moved[n][t.Out.Slot] = whole
	c.patch.SetOutputs(n, c.moved[n]...)
}

func (c *cutter) rewrite(n *onnxio.Node, o operand, l *list) error {
	if o.attr == "" {
		return c.setInput(n, o.input, l)
	}
	c.patch.SetAttr(n, l.attr(n, o.attr))
	return nil
}

// attr is an attribute of a node with the new numbers.
func (l *list) attr(n *onnxio.Node, name string) onnxio.Attr {
	if l.single {
		return onnxio.Int(name, l.now[0])
	}
	v := n.Ints(name)
	for i := len(v); i < len(l.now); i++ {
		v = append(v, 0)
	}
	for i, x := range l.now {
		v[i] = x
	}
	return onnxio.Ints(name, v...)
}

// setInput gives a node another list of integers to read.
func (c *cutter) setInput(n *onnxio.Node, i int, l *list) error {
	old := n.Input(i)
	elem, dims := onnxio.Int64, []int64{int64(len(l.now))}
	var values []onnxio.Dim
	if old == "" {
		values = make([]onnxio.Dim, len(l.now))
		if l.instead != "" {
			c.patch.DropAttr(n, l.instead)
		}
	} else {
		var ok bool
		if values, ok = c.elements(old, l); !ok {
			return fmt.Errorf("input %q would have to change with its axis, but what it is computed from is not known", old)
		}
		values = slices.Clone(values)
		t := c.Facts.Types[old]
		elem = t.Elem
		if dims, ok = t.Shape.Ints(); !ok {
			return fmt.Errorf("input %q has no known length", old)
		}
	}
	symbols, rest := 0, false
	for k, d := range values {
		if now, ok := l.now[k]; ok && d.IsKnown() {
			values[k] = onnxio.Known(now)
		}
		if !d.IsKnown() {
			symbols++
		}
		rest = rest || d.Is(-1)
	}
	if symbols == 1 && l.rest && !rest {
		for k, d := range values {
			if !d.IsKnown() {
				values[k] = onnxio.Known(-1)
			}
		}
		symbols = 0
	}
	if symbols > 0 {
		return c.override(n, i, l, values, dims)
	}
	if slices.Equal(values, c.Facts.Values[old]) && old != "" {
		return nil
	}
	v, _ := onnxio.Shape(values).Ints()
	c.setConstant(n, i, integers(elem, dims, v))
	return nil
}

// elements are what is known of a list at any batch, so that a batch which the
// inputs alone fix is not written into it; where an element that changes is
// known at the fixed one only, what is known at that.
func (c *cutter) elements(name string, l *list) ([]onnxio.Dim, bool) {
	values, ok := c.anyBatch.Values[name]
	for k := range l.now {
		ok = ok && k < len(values) && values[k].IsKnown()
	}
	if ok {
		return values, true
	}
	values, ok = c.Facts.Values[name]
	return values, ok
}

// override puts numbers in the place of some elements of an operand that is
// computed at run time. Whether those follow the cut by themselves or not
// makes no difference then.
func (c *cutter) override(n *onnxio.Node, i int, l *list, values []onnxio.Dim, dims []int64) error {
	old := n.Input(i)
	if c.Facts.Opset < 9 {
		return fmt.Errorf("input %q is computed at run time and would have to change, which takes opset 9 or later", old)
	}
	set, now := make([]bool, len(values)), make([]int64, len(values))
	for k, d := range values {
		switch _, changed := l.now[k]; {
		case changed && !d.IsKnown():
			return fmt.Errorf("element %d of input %q is %v and would have to change with its axis", k, old, d)
		case changed:
			set[k], now[k] = true, d.Or(0)
		}
	}
	name := c.patch.Fresh(old)
	c.patch.Add(onnxio.NodeSpec{Op: "Where", Outputs: []string{name}, Inputs: []string{
		c.constant(old+".set", onnxio.NewTensor("", dims, set)),
		c.constant(old+".now", integers(c.Facts.Types[old].Elem, dims, now)), old,
	}})
	c.patch.SetInput(n, i, name)
	return nil
}

// number gives a node the constant positions it reads as they are along the
// axis that is left. The constant itself is cut as its own axes are.
func (c *cutter) number(n *onnxio.Node, p op.Positions) error {
	u := c.byRead[onnxio.Use{Node: n, Index: p.Input}]
	x := c.axisOf(n, p.Ref)
	kept := c.cut(u)
	stay := c.kept(x, c.gone)
	if len(kept) == 0 && len(stay) == x.extent() {
		return nil
	}
	t, err := take(u.tensor, kept)
	if err != nil {
		return err
	}
	place := make(map[int64]int64, len(stay))
	for j, q := range stay {
		place[int64(q)] = int64(j)
	}
	v, err := t.Ints()
	if err != nil {
		return err
	}
	for j, q := range v {
		if q < 0 {
			q += int64(x.extent())
		}
		var ok bool
		if v[j], ok = place[q]; !ok {
			return fmt.Errorf("position %d of input %d is removed, but what reads it stays", q, p.Ref.Slot)
		}
	}
	c.setConstant(n, p.Input, integers(t.Elem(), t.Dims(), v))
	return nil
}

// constant adds a Constant node and not an initializer: the model's
// initializers stay the parent's weights and nothing else.
func (c *cutter) constant(name string, t *onnxio.Tensor) string {
	name = c.patch.Fresh(name)
	c.patch.Add(onnxio.NodeSpec{Op: "Constant", Outputs: []string{name}, Attrs: []onnxio.Attr{onnxio.TensorValue("value", t)}})
	return name
}

// setConstant gives a node another constant to read.
func (c *cutter) setConstant(n *onnxio.Node, i int, t *onnxio.Tensor) {
	stem := n.Input(i)
	if stem == "" {
		stem = n.Output(0) + ".sizes"
	}
	c.patch.SetInput(n, i, c.constant(stem, t))
}

// integers is a tensor of whole numbers of an integer type.
func integers(elem onnxio.Elem, dims, v []int64) *onnxio.Tensor {
	if elem != onnxio.Int32 {
		return onnxio.NewTensor("", dims, v)
	}
	w := make([]int32, len(v))
	for i := range v {
		w[i] = int32(min(max(v[i], math.MinInt32), math.MaxInt32))
	}
	return onnxio.NewTensor("", dims, w)
}
