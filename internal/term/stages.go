package term

// Stages shows work that comes in stages as one bar after the other. The zero
// value with a Term is ready; it is for one goroutine.
type Stages struct {
	Term  *Term
	bar   *Bar
	stage string
}

// Progress tells how far a stage is. A stage that is not the one before opens a
// bar of total units, and done of total closes it; a total of 0 is a message and
// no more. The note stands beside the bar.
func (s *Stages) Progress(stage string, done, total int64, unit, note string) {
	if stage != s.stage || total == 0 {
		s.End()
		if total == 0 {
			s.Term.Step("%s", stage)
			return
		}
		s.stage, s.bar = stage, s.Term.Bar(stage, total, unit)
	}
	s.bar.Note(note)
	s.bar.Reach(done)
	if done >= total {
		s.End()
	}
}

// End closes the bar of the last stage.
func (s *Stages) End() {
	s.bar.Done()
	s.bar, s.stage = nil, ""
}
