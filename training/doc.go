// Package training trains ONNX classifiers on ONNX Runtime.
//
// A [Step] turns an inference model into a training graph: the forward pass
// in training form, the [Loss], its gradients and the optimiser's update,
// all of them operators in one graph that an ordinary session runs. On the CPU,
// with cgo, some are our own (package onnxio/ort/kernel); elsewhere all are
// those that every build of the runtime has.
// Parameters, optimiser state and running statistics go in as tensors and come
// out as tensors; two sets of them change places after every step, so nothing
// is copied. The learning rate and the batch are fed. A step over several
// batches is two graphs: one that adds up gradients, and the update.
//
// [Train] is the loop around it: seeded shuffling, changes of images and
// batches ([Augment]), batches read ahead of the step, a [Teacher] asked ahead of
// it, too, a [Schedule] of learning rates, progress, validation, an early end,
// checkpoints, and what it saw of each sample ([Dynamics]). It returns the model
// it was given, with new weights.
// [Evaluate] measures accuracy, calibration and confusion, and [Gradients]
// gives the gradients of a network that is not in training.
//
// What holds:
//
//   - The arithmetic is PyTorch's: batch statistics with the unbiased running
//     variance, its losses, its SGD, Adam and AdamW; changes of images are
//     torchvision's.
//   - The same model, data, options, thread count and runtime give the same
//     bytes, however many goroutines read. A run that was stopped and resumed
//     gives the bytes of one that was not.
//   - What cannot be trained is refused before the first step, by an
//     [op.UnsupportedError] where an operator is the reason.
//   - A sample that holds no number, or a loss that is none, ends a run with the
//     step, the samples and the last good checkpoint named.
//
// What learns is every float32 constant of rank 1 or more that a gradient
// reaches, that no pattern freezes and that is no running statistic; those go
// on with every batch, as in PyTorch, also where a layer is frozen. A constant
// that several nodes read is one parameter. One that lies in a Constant node,
// or behind an Identity, becomes an initializer of its own under the name the
// nodes read: exporters merge tensors that merely start out equal.
//
// Where BatchNormalization would have a single value a channel in a batch of one
// sample, a last batch of one joins the one before it, and batches of one are
// refused: PyTorch refuses both. A model exported in training mode, which answers
// for a sample by its batch, comes out of training in evaluation mode; evaluation
// and distillation refuse it.
//
// A BatchNormalization whose statistics are computed, or that normalises weights,
// trains as it stands, with gradients through the statistics.
//
// What is not guaranteed: equal bits on another processor, runtime or thread
// count, whose sums may round differently.
//
// Sources: Rumelhart, Hinton and Williams, Nature 323, 1986, for
// backpropagation; Ioffe and Szegedy, arXiv 1502.03167, for training through
// batch statistics; Guo et al., arXiv 1706.04599, for the calibration error.
package training
