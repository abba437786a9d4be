// Package review ranks labelled samples by how likely their labels are wrong, so that
// people give them a second look.
//
// It looks at class probabilities by confident learning: a sample counts as mislabelled
// where the network is at least as sure of another class as it is on average of the
// samples that carry that class. And it looks at what a training saw of the samples:
// the area under the margin, which is low for a label that the other samples speak
// against, and how often the sample was forgotten.
//
// What holds: the same samples in another order get the same ranks, but for such as are
// equal in everything, which go by their order.
//
// What is not guaranteed: that a label is wrong. Probabilities of a network that has
// learned these labels by heart say that each is right; they are to come from one that
// was trained on other samples, or for few epochs.
//
// Sources: C. Northcutt, L. Jiang and I. Chuang, "Confident Learning: Estimating
// Uncertainty in Dataset Labels", JAIR 70, 2021; G. Pleiss and others, "Identifying
// Mislabeled Data using the Area Under the Margin Ranking", NeurIPS 2020; M. Toneva and
// others, "An Empirical Study of Example Forgetting during Deep Neural Network
// Learning", ICLR 2019.
package review
