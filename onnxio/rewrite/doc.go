// Package rewrite changes ONNX graphs without changing what they compute:
// BatchNormalization folded into the layer before it, and a fixed batch size
// made free.
//
// Both work on a clone and return it with what was done. The results equal
// the original up to the rounding of float sums.
package rewrite
