package scoring

var margin = Measure{
	Name: "margin", Summary: "the smallest gap between the top two classes",
	Formula: "p1 − p2", Order: LowestFirst,
	Reference: "Scheffer et al. 2001; Luo et al. 2005",
	Of:        func(r *Row) float64 { return r.P[r.First] - r.P[r.Second] },
}
