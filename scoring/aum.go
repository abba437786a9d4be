package scoring

var aum = Measure{
	Name: "aum", Summary: "the smallest area under the margin (labelled data)",
	Formula: "mean over epochs of z_y − max of the other logits", Order: LowestFirst,
	Reference: "Pleiss et al. 2020 (arXiv 2001.10528)", Source: FromTraining,
}
