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
//	x.npy                              [N, …] of any rank: N×C×H×W, N×H×W×C and N×H×W are images; labels.npy beside it
//	x.npz                              such an array by a usual name (x, x_train, train_images, …), labels beside it
//	x.zip                              arrays as an .npz has them, samples as a tar archive has, or class folders
//
// Several tar or Parquet files are named by a pattern or by their folder. A path
// may end in ":train", ":val" or ":test" where it holds more than one of them.
//
// What a folder holds is told by its names: train, training, val, valid,
// validation, dev, test and testing, in any case, are splits, of which train is
// the one that is not asked for; every other folder is a class, also an empty one,
// but for those of operating systems and tools. A metadata.csv or metadata.jsonl
// in Hugging Face's form names the labels of the images beside it. In a tar
// archive the files of a sample share their name up to its first dot. What was
// taken for granted, and what was passed over, goes to Options.Note; what is in
// doubt is an error that says what decides.
//
// A label is missing where it is empty, -1, or a missing value as pandas writes
// it (nan, None, NA, <NA>, null, …). Labels that are all numbers are the numbers of
// classes, 3.0 being 3; others are names, numbered as they sort.
//
// Labels meet a model through [Match], by the names of the classes where both have
// such. [OpenFor], and [Input] for those who change what a model says of itself,
// give sets whose labels are the numbers of the model's outputs.
//
// Pixels of 8 bits, and integers of images, which have to be from 0 to 255, are
// divided by 255; other values are handed on as stored. Values that are of another
// range than a model's mean and deviation are refused. Nothing here normalises by
// itself but [Prepare]. The order of a set and the ID of a sample depend on the
// names and the content of the files alone.
//
// Large files are read in place: an .npy, an unpacked idx file or a CIFAR file
// costs memory for its labels only, a list of images for its IDs. A gzipped idx
// file is unpacked to memory.
//
// Image files are PNG, JPEG, GIF, BMP, WebP, TIFF and Netpbm, by their endings or,
// without one, by how they begin. They are decoded and resized as internal/pixel
// says: as PIL does it, to the last bit, but for the rounding of progressive JPEG
// and of lossy WebP.
package data
