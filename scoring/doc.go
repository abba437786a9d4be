// Package scoring says how sure a classifier is of each sample of a pool.
//
// A pass over the pool is one call. [Score] runs a [Classifier] over a [Pool]
// and yields a [Record] a sample: the predicted class and every measure asked
// for, each in its textbook definition ([Measures]). An [Ensemble], that is a
// [Committee] or a [DropoutModel], has several opinions of each sample, and
// measures of how far they differ. [Model] is a Classifier on ONNX Runtime.
// Records are written and read in several forms ([NewFileWriter], [ReadFile]),
// so that one pass serves many selections; package selection chooses from them,
// and package job makes passes that can be interrupted and cut into shards.
//
// What holds:
//
//   - Records come in index order and do not depend on the number of readers
//     or lanes, nor on the batch as far as the classifier's rows do not.
//   - Memory of a pass depends on the batch, not on the pool.
//   - Softmax and measures are computed in float64. A sample whose output is
//     not finite gets no score, only a reason ([Skipped]).
//   - Scoring sees the samples as they are: no augmentation, no shuffling, and
//     the model in inference mode, but for the Dropout of a DropoutModel. What
//     that drops depends on the seed and the sample's ID.
//
// What is not guaranteed: scores equal to the last bit on another processor
// or with another build of the runtime, which may round sums differently.
//
// Sources: Settles, "Active Learning Literature Survey", 2009; each measure
// names its own.
package scoring
