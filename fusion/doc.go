// Package fusion puts a pruned, trained network back into the dense one it
// came from.
//
// A pruned model's plan says which indices of which weight of its parent it
// holds. Fuse writes every weight of the pruned model, BatchNorm statistics,
// biases, shortcuts and classifier included, to those indices of the dense
// model; what the other weights hold is the caller's choice (Rest). Verify
// reads the sub-network back out of the fused model and compares it bit for
// bit; Fuse does so before it returns.
//
// With Preserve the weights by which an old channel would read a new one are
// zero, so the fused model computes what the pruned one does, up to the
// order of float sums, and training goes on from there. That holds only
// where no operator mixes values along a pruned axis, and is refused
// elsewhere.
//
// What is not guaranteed: with the other choices the fused model computes
// neither what the pruned nor what the dense one did; it is a starting point
// for training.
//
// Source: Kousar, Bhatti, Moon, "PruneFuse: Efficient Data Selection via
// Weight Pruning and Network Fusion", TMLR 2026, the fusion step.
package fusion
