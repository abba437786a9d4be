// Package selection chooses the samples of a pool to label first, from the
// records of a pass over it.
//
// [Choose] takes records, in memory or as they come, and a [Choice]: a strategy
// ([Strategies]), a number, a seed. A strategy that ranks by a measure takes one
// record at a time ([Selector]), every measure turned so that larger means label
// first; others look at the whole pool, its features and its class probabilities,
// as [Candidates] hold them. [Write] and [ReadFile] are the file of a selection.
//
// What holds:
//
//   - A selection is a function of the records and the seed. Ties go to the lower
//     index; order of arrival, sharding and the number of workers do not matter;
//     no sample is chosen twice.
//   - Memory of a ranking depends on k, and that of a strategy that looks at the
//     whole pool on the pool but not on k: never on a pair of samples, nor on
//     classes times features.
//
// What is not guaranteed: the same choice from scores that another processor or
// runtime rounded differently, between samples that are all but tied.
//
// Sources: Settles, "Active Learning Literature Survey", 2009; Sener and
// Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set
// Approach", 2018 (arXiv 1708.00489), for k-center; each strategy names its own.
// The tests hold every strategy to its definition written down plainly.
package selection
