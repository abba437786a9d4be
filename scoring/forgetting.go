package scoring

var forgetting = Measure{
	Name: "forgetting", Summary: "the most often learned and forgotten (labelled data)",
	Formula: "times that correct became wrong; above all others where never correct", Order: HighestFirst,
	Reference: "Toneva et al. 2019 (arXiv 1812.05159)", Source: FromTraining,
}
