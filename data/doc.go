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
//	x.csv, x.tsv, x.jsonl, x.txt       a list of image files, relative to it; - reads one from Options.Stdin
//	x.tar, x-{000..012}.tar, *.tar     tar archives (WebDataset): key.jpg, key.cls or key.json; a folder of such
//	x.parquet, *.parquet, dir/         Parquet files with a column of images, in Hugging Face's layout
//	x.npy                              N×C×H×W, N×H×W×C, N×H×W or N×F, labels in labels.npy beside it
//	x.npz                              such an array by a usual name (x, x_train, train_images, …), labels beside it
//
// Several tar or Parquet files are named by a pattern or by their folder. A path
// may end in ":train", ":val" or ":test" where it holds more than one of them.
//
// Every reader gives samples in channel, row, column order. Pixels of 8 bits
// are divided by 255, float data is handed on as stored. Nothing here
// normalises or augments by itself: [Preprocess] and [Augment] are pure
// functions for those who train and score. The order of a set and the ID of a
// sample depend on the names and the content of the files alone.
//
// Large files are read in place: an .npy, an unpacked idx file or a CIFAR file
// costs memory for its labels only, a list of images for its IDs. A gzipped idx
// file is unpacked to memory.
//
// Images are decoded by the standard library and golang.org/x/image, and turned
// upright by their EXIF orientation. They are taken to RGB as libjpeg and PIL do
// it: subsampled chroma is interpolated, samples of 16 bits keep their upper 8,
// alpha is dropped, and of an animated GIF the first frame counts. They are
// resized only when a size is asked for, by PIL's antialiased BILINEAR or BICUBIC
// filter with its results to the last bit. Other 8-bit samples are resized just
// so; floats by the same filters, without rounding.
//
// Baseline JPEG has libjpeg's values to the last bit. Not guaranteed: the same of
// progressive JPEG and of lossy WebP, whose inverse transform here rounds
// otherwise, so that some values differ, by 3 of 255 at the most that was seen.
package data
