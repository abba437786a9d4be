// Package scoring says which samples of an unlabelled pool are worth a label.
//
// A pass over the pool is one call. [Score] runs a [Classifier] over a [Pool]
// and yields a [Record] a sample: the predicted class and every measure asked
// for, each in its textbook definition ([Measures]). An [Ensemble], that is a
// [Committee] or a [DropoutModel], has several opinions of each sample, and
// measures of how far they differ. [Choose] takes the k to label first by a
// strategy ([Strategies]): a ranking, where every measure is turned so that
// larger means label first and a [Selector] needs one record at a time, or a
// look at the whole pool, its features and its class probabilities, as
// [Candidates] hold them.
// Records are written and read in several forms ([NewFileWriter], [ReadFile]),
// so that one pass serves many selections. A [Part] is a stretch of a pool that
// was scored by itself, or as far as a pass came: parts resume, and make up a
// whole ([CheckParts]). [Model] is a Classifier on ONNX Runtime.
//
// What holds:
//
//   - Records come in index order and do not depend on the number of readers
//     or lanes, nor on the batch as far as the classifier's rows do not.
//   - A selection is a function of the records and the seed. Ties go to the
//     lower index; order of arrival and sharding do not matter; no sample is
//     chosen twice.
//   - Memory of a pass depends on the batch, of a ranking on k, and of what
//     looks at the whole pool on the pool but not on k: never on a pair of
//     samples, nor on classes times features.
//   - Softmax and measures are computed in float64. A sample whose output is
//     not finite gets no score, only a reason ([Skipped]).
//   - Scoring sees the samples as they are: no augmentation, no shuffling, and
//     the model in inference mode, but for the Dropout of a DropoutModel. What
//     that drops depends on the seed and the sample's ID.
//
// What is not guaranteed: scores equal to the last bit on another processor
// or with another build of the runtime, which may round sums differently. A
// selection may then differ between samples that are all but tied.
//
// Sources: Settles, "Active Learning Literature Survey", 2009, for the
// measures; Sener and Savarese, "Active Learning for Convolutional Neural
// Networks: A Core-Set Approach", 2018 (arXiv 1708.00489), for k-center; each
// measure and strategy names its own. The tests hold every strategy to its
// definition written down plainly.
package scoring
