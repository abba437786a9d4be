package pruning

import "slices"

// product says that position p of whole is removed when the digits of p
// name a removed position in any of parts.
type product struct {
	whole factor
	parts []factor
}

// settle resolves the products into choices and returns, by class, the parts
// that make it: such a class is removed when a part is, never by itself.
// Products of one class must agree part by part; where they do not, all of
// them are pinned.
func (s *space) settle() map[elem][]elem {
	made := map[elem][]elem{}
	for again := true; again; {
		again = false
		clear(made)
		for _, p := range s.products {
			x := axis(p.parts)
			var at []int
			for i, e := range p.whole {
				at = x.digits(i, at)
				parts := make([]elem, len(at))
				for k, d := range at {
					parts[k] = s.find(x[k][d])
				}
				r := s.find(e)
				have, ok := made[r]
				if !ok {
					made[r] = parts
					continue
				}
				again = s.agree(have, parts) || again
			}
		}
	}
	s.cutCycles(made)
	s.spread()
	for _, p := range s.innermostFirst() {
		if s.choose(p, made) {
			s.spread()
		}
	}
	return made
}

// innermostFirst orders the products so that those that make a part of
// another come before it.
func (s *space) innermostFirst() []product {
	making := map[elem][]int{} // products, by the classes they make
	for i, p := range s.products {
		for _, e := range p.whole {
			r := s.find(e)
			if at := making[r]; len(at) == 0 || at[len(at)-1] != i {
				making[r] = append(at, i)
			}
		}
	}
	var out []product
	seen := make([]bool, len(s.products))
	var visit func(i int)
	visit = func(i int) {
		if seen[i] {
			return
		}
		seen[i] = true
		for _, f := range s.products[i].parts {
			for _, e := range f {
				for _, inner := range making[s.find(e)] {
					visit(inner)
				}
			}
		}
		out = append(out, s.products[i])
	}
	for i := range s.products {
		visit(i)
	}
	return out
}

// agree joins two ways of making the same class; it reports whether that
// changed anything.
func (s *space) agree(a, b []elem) (changed bool) {
	if len(a) != len(b) {
		s.keep(axis{a, b}, "reshaped in two ways that do not agree")
		return false
	}
	for i := range a {
		if s.find(a[i]) != s.find(b[i]) {
			s.join(a[i], b[i])
			changed = true
		}
	}
	return changed
}

// cutCycles pins the classes that are made of themselves, at some remove,
// with their parts, and takes them off the list.
func (s *space) cutCycles(made map[elem][]elem) {
	sound := map[elem]bool{}
	for again := true; again; {
		again = false
		for r, parts := range made {
			if !sound[r] && !slices.ContainsFunc(parts, func(p elem) bool { return made[p] != nil && !sound[p] }) {
				sound[r], again = true, true
			}
		}
	}
	for r, parts := range made {
		if !sound[r] {
			s.keep(axis{{r}, parts}, "reshaped into a part of itself")
			delete(made, r)
		}
	}
}

// spread pins the parts of every position that is pinned as a whole.
func (s *space) spread() {
	for again := true; again; {
		again = false
		for _, p := range s.products {
			x := axis(p.parts)
			var at []int
			for i, e := range p.whole {
				why := s.why(e)
				if why == "" {
					continue
				}
				at = x.digits(i, at)
				for k, d := range at {
					again = s.keep(axis{x[k][d : d+1]}, "%s", why) || again
				}
			}
		}
	}
}

// choose pins all parts of a product but one; it reports whether that changed
// anything. By default that is the one with the most choices.
func (s *space) choose(p product, made map[elem][]elem) (changed bool) {
	if s.parts == both {
		return false
	}
	best, most := 0, 0
	for i, f := range p.parts {
		n := s.choices(f, made)
		switch {
		case n == 0 || (n == 1 && most > 0):
		case most <= 1, s.parts == Within, s.parts == Widest && n > most:
			best, most = i, n
		}
	}
	for i, f := range p.parts {
		if i != best {
			changed = s.keep(axis{f}, "a block of a reshaped axis") || changed
		}
	}
	return changed
}

// choices counts the classes, not pinned, on which the elements of a factor
// depend.
func (s *space) choices(f factor, made map[elem][]elem) int {
	free := map[elem]bool{}
	var visit func(e elem)
	visit = func(e elem) {
		r := s.find(e)
		for _, p := range made[r] {
			visit(p)
		}
		if made[r] == nil && s.pin[r] == 0 {
			free[r] = true
		}
	}
	for _, e := range f {
		visit(e)
	}
	return len(free)
}
