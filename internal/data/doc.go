// Package data reads labelled and unlabelled image sets as random-access
// collections of float32 samples.
//
// [Open] takes a name or a path:
//
//	demo, demo:test                    7,000 images of Fashion-MNIST, built in
//	fashion-mnist, fashion-mnist:test  all of it, from Debian's dataset-fashion-mnist
//	dir/                               train-images-idx3-ubyte[.gz], t10k-… beside their labels
//	train-images-idx3-ubyte[.gz]       one such file
//	dir/, data_batch_1.bin             CIFAR-10 or CIFAR-100, binary version
//	dir/                               class folders of images, or a flat folder of unlabelled ones
//	x.npy                              N×C×H×W, N×H×W×C, N×H×W or N×F, labels in labels.npy beside it
//
// A path may end in ":train" or ":test" where a folder holds both.
//
// Every reader gives samples in channel, row, column order. Pixels of 8 bits
// are divided by 255, float data is handed on as stored. Nothing here
// normalises or augments by itself: [Preprocess] and [Augment] are pure
// functions for those who train and score. The order of a set and the ID of a
// sample depend on the names and the content of the files alone.
//
// Large files are read in place: an .npy, an unpacked idx file or a CIFAR file
// costs memory for its labels only. A gzipped idx file is unpacked to memory.
//
// Images are decoded by the standard library and golang.org/x/image, resized
// (only when a size is asked for) by a triangle filter with antialiasing and
// half-pixel centres: the filter of PIL's BILINEAR, computed in float32 where
// PIL rounds to 8 bits after each pass, so that values differ by up to 1/255.
// The alpha channel is dropped as PIL's convert("RGB") does, EXIF orientation
// is not applied, and of an animated GIF the first frame counts.
//
// Not guaranteed: bit equality with libjpeg, whose chroma upsampling differs
// from the standard library's.
package data
