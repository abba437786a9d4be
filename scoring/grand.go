package scoring

var grand = Measure{
	Name: "grand", Summary: "the largest gradient early in training (labelled data)",
	Formula: "mean over early epochs of ‖∇_w loss‖₂, w the last layer", Order: HighestFirst,
	Reference: "Paul et al. 2021 (arXiv 2107.07075)", Source: FromTraining,
}
