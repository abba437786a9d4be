package op

// The statements here say what of a node has to be written anew when an axis
// is cut: numbers that hold extents or positions.

// Extent says that a number counts the positions of an axis and follows it:
// an integer attribute, an element of a list attribute, or an element of an
// integer input. An input that is computed at run time is given the number in
// its stead; one that is left out is added.
type Extent struct {
	Attr  string // the attribute; "" for an input
	List  bool   // element Index of the attribute, which is a list
	Input int
	Index int // the element of the list or the input
	Ref   Ref
	// From and To bound the positions that are counted, From ≤ p < To; To 0
	// means all of the axis.
	From, To int
	Factor   int64 // the number is the count times this; 0 means 1
	Per      int   // and over this, by which it divides; 0 means 1
	// Instead is the attribute that gives way where the input was left out.
	Instead string
	// Rest says that an element −1 of the input stands for whatever extent
	// is left over, as Reshape has it.
	Rest bool
}

// Positions says that the elements of a constant integer input are positions
// along an axis, from 0 or from its end, and are numbered anew with it. The
// elements that name removed positions must themselves be removed, which the
// rule says by a Match.
type Positions struct {
	Input int
	Ref   Ref
}

// Taken says that position j of an output's axis is position At[j] of an
// input's, by parameters that can express no other list. Where it is cut the
// node passes the axis on whole, with its inputs' elements as in Whole, and a
// Gather behind it takes what is left.
type Taken struct {
	In, Out Ref
	At      []int
	Whole   []Element
}

// Element is a value for one element of an integer input or, where Attr is
// set, of a list attribute.
type Element struct {
	Attr         string
	Input, Index int
	Value        int64
}

// State says what a node leaves unsaid that is to be written down where an axis
// of its first input is cut: it would be read off the extents that are left.
func (a *Axes) State(e ...Element) { a.Stated = append(a.Stated, e...) }

// Follow says that a number is an axis's extent.
func (a *Axes) Follow(e Extent) { a.Extents = append(a.Extents, e) }

// Number says that an input holds positions of an axis.
func (a *Axes) Number(input int, r Ref) {
	a.Positions = append(a.Positions, Positions{input, r})
}

// Take says that output positions are listed positions of the input, and
// joins them.
func (a *Axes) Take(t Taken) {
	a.Match(t.In, t.Out, t.At, span(0, len(t.At)))
	a.Taken = append(a.Taken, t)
}

// span returns the n numbers from at on.
func span(at, n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = at + i
	}
	return v
}

// followed returns the axes that numbers of the node follow.
func (a *Axes) followed() []Ref {
	var refs []Ref
	for _, e := range a.Extents {
		refs = append(refs, e.Ref)
	}
	for _, p := range a.Positions {
		refs = append(refs, p.Ref)
	}
	return refs
}
