package pruning

// PrunedGroup tells how many of a group's channels a pruning keeps.
type PrunedGroup struct {
	Group string `json:"group"` // its name
	Size  int    `json:"size"`  // channels of the original
	Kept  int    `json:"kept"`
}

// Groups tells the groups of a pruning, in the order of their IDs.
func (r *Result) Groups() []PrunedGroup {
	out := make([]PrunedGroup, len(r.Analysis.Groups))
	for i, g := range r.Analysis.Groups {
		out[i] = PrunedGroup{g.Name(), g.Size, len(r.Selection[i])}
	}
	return out
}
