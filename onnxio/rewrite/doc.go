// Package rewrite changes ONNX graphs without changing what they compute:
// BatchNormalization folded into the layer before it, a fixed batch size made
// free, a shuffle of channels written as a list.
//
// All work on a clone, which they return. The results equal the original up
// to the rounding of float sums.
package rewrite
