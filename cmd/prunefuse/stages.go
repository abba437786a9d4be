package main

import "github.com/prunefuse/prunefuse/internal/term"

// counter turns "so many are done" into steps of a bar.
func counter(bar *term.Bar) func(done, total int) {
	last := 0
	return func(done, _ int) {
		bar.Add(int64(done - last))
		last = done
	}
}

// stages shows one bar after the other.
type stages struct {
	display *term.Term
	stage   string
	bar     *term.Bar
	done    int
}

func (s *stages) progress(stage string, done, total int) {
	if s.bar == nil || stage != s.stage {
		s.end()
		s.stage, s.done, s.bar = stage, 0, s.display.Bar(stage, int64(total), "samples")
	}
	s.bar.Add(int64(done - s.done))
	s.done = done
}

func (s *stages) end() {
	if s.bar != nil {
		s.bar.Done()
		s.bar = nil
	}
}
