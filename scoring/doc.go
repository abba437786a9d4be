// Package scoring says which samples of an unlabelled pool are worth a label.
//
// A pass over the pool is one call. [Score] runs a [Classifier] over a [Pool]
// and yields a [Record] a sample: the predicted class and every measure asked
// for, each in its textbook definition ([Measures]). [Select] or a [Selector]
// ranks the records by a strategy ([Strategies]) and keeps the k to label
// first; there every measure is turned so that larger means label first.
// [KCenter] chooses by coverage instead, from the features of the pool.
// Records are written and read as JSON lines ([RecordWriter], [ReadRecords]),
// so that one pass serves many selections. [Model] is a Classifier on ONNX
// Runtime.
//
// What holds:
//
//   - Records come in index order and do not depend on the number of readers or lanes,
//     nor on the batch as far as the classifier's rows do not.
//   - A selection is a function of the records and the seed. Ties go to the
//     lower index; order of arrival and sharding do not matter; no sample is
//     chosen twice.
//   - Memory of a pass depends on the batch, of a selection on k, and of
//     KCenter on the pool but not on k: never on a pair of samples.
//   - Softmax and measures are computed in float64. A sample whose output is
//     not finite gets no score, only a reason ([Skipped]).
//   - Scoring sees the samples as they are: no augmentation, no shuffling, and
//     the model in inference mode.
//
// What is not guaranteed: scores equal to the last bit on another processor
// or with another build of the runtime, which may round sums differently. A
// selection may then differ between samples that are all but tied.
//
// Sources: Settles, "Active Learning Literature Survey", 2009, for the
// measures; Sener and Savarese, "Active Learning for Convolutional Neural
// Networks: A Core-Set Approach", 2018 (arXiv 1708.00489), for k-center; each
// measure and strategy names its own.
package scoring
