// Package export makes a trained network ready for deployment:
// BatchNormalization folded into the layers before it, nodes and weights that
// nothing needs gone, the batch size free. What comes out is run against what
// went in and names it in its metadata. The plan of a pruned network stays
// right, so that the exported one can still be fused.
package export
