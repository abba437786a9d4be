// Package crew says how well several annotators agree, how good each of them is, and
// which class their answers speak for together. It is arithmetic on numbers: whose
// answers they are, and of which samples, is for the caller to know.
//
// What holds: the order of ratings, and which numbers items, annotators and classes
// have, change results by no more than rounding does; the same ratings give the same
// bits. Where a number is not defined there is an error that says why, and never a
// zero.
//
// What is not guaranteed: that a consensus is right. Dawid and Skene assume that
// annotators err independently of each other, and that each errs alike on all items of
// a class. EM finds a local maximum of the likelihood, the one that is nearest to the
// shares of votes.
//
// Sources: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011; J. L.
// Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin
// 76, 1971; J. Cohen, "A coefficient of agreement for nominal scales", Educational and
// Psychological Measurement 20, 1960; A. P. Dawid and A. M. Skene, "Maximum Likelihood
// Estimation of Observer Error-Rates Using the EM Algorithm", Applied Statistics 28,
// 1979.
package crew
