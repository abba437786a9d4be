// Package jpeg decodes the JPEG files that data sets are made of, baseline with
// Huffman coding in one scan (ITU-T T.81), to the samples that libjpeg and
// libjpeg-turbo give with their default transform, bit for bit: a model trained
// on PIL's pixels is to see the same. It reuses its memory from image to image
// and leaves out what is not needed of one.
//
// It is the fast path beside image/jpeg and gives up on everything else, and on
// every fault of a file, with [ErrOther]: image/jpeg then decides.
package jpeg
