package op

// The ties of axes here are what several rules have in common.

// there reports whether the ref's tensor has that axis. A file that declares
// a shape of another rank can make it not so.
func (a *Axes) there(r Ref) bool {
	s := a.In(r.Slot).Shape
	if r.Output {
		s = a.OutType(r.Slot).Shape
	}
	return r.Axis >= 0 && r.Axis < len(s)
}

// alignedTo ties an axis to one it may broadcast to.
func (a *Axes) alignedTo(whole, r Ref) {
	if !a.there(whole) || !a.there(r) {
		a.Free(whole, r) // which is found to be unsound
		return
	}
	if a.Dim(r).Is(1) && !a.Dim(whole).Is(1) {
		a.Free(r)
		return
	}
	a.Same(whole, r)
}

// blockwise says that index i of x, of n, goes with the m indices of y from
// i·m on.
func (a *Axes) blockwise(x, y Ref, n, m int) {
	for j := range m {
		xi, yi := make([]int, n), make([]int, n)
		for i := range n {
			xi[i], yi[i] = i, i*m+j
		}
		a.Match(x, y, xi, yi)
	}
}

// striped says that index i of x, of n, goes with the m indices i, i+n, …
// of y.
func (a *Axes) striped(x, y Ref, n, m int) {
	for j := range m {
		a.Match(x, y, span(0, n), span(j*n, n))
	}
}
