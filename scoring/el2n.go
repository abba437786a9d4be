package scoring

var el2n = Measure{
	Name: "el2n", Summary: "the largest error early in training (labelled data)",
	Formula: "mean over early epochs of ‖p − y‖₂, y one-hot", Order: HighestFirst,
	Reference: "Paul et al. 2021 (arXiv 2107.07075)", Source: FromTraining,
}
