package scoring

var ratio = Measure{
	Name: "ratio", Summary: "the second probability nearest to the first",
	Formula: "p2 / p1", Order: HighestFirst,
	Reference: "Settles 2009",
	Of:        func(r *Row) float64 { return r.P[r.Second] / r.P[r.First] },
}
