package scoring

var random = Measure{
	Name: "random", Summary: "a uniform draw: the baseline to beat",
	Formula: "uniform in [0, 1) from the seed and the sample's ID", Order: HighestFirst,
	Reference: "the mandatory baseline", Source: FromID,
	Of: func(r *Row) float64 { return r.Draw },
}
