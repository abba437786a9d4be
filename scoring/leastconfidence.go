package scoring

var leastConfidence = Measure{
	Name: "least-confidence", Summary: "the smallest top probability",
	Formula: "1 − p1", Order: HighestFirst,
	Reference: "Lewis & Gale 1994",
	Of:        func(r *Row) float64 { return r.Rest },
}
