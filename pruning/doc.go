// Package pruning removes whole channels from an ONNX model.
//
// Every axis of every tensor is a list of indices. The axis rules of the
// operators (package op) say which indices of which axes must go together;
// a union-find joins them into classes, an axis that merges several is read
// digit by digit, and the classes that stand for the same axes form a Group.
// Indices on an axis of a graph input or output stay, and with them all
// that is tied to them, so a classifier's outputs need no list of layers to
// spare. What an operator does not state is pinned, and an operator the
// table does not have pins whatever it touches; each such axis is listed
// with the reason.
//
// Analyze finds the groups; Rate rates their choices by a criterion; Apply
// slices the weights of a Selection, rewrites what holds an extent, and
// infers all shapes anew as a check; Verify runs the pruned model against the
// masked original, in which the removed indices are silenced by zeroing the
// weights that read them: the two are the same function, up to the order of
// float sums, wherever no operator mixes values along a pruned axis. Prune
// does all but the last in one call, and selects.
//
// What is selected hangs on one number, the ratio: each group by itself, or
// a Scope of groups ranked together, loses that fraction of its channels, the
// least important first. A Budget of MACs, parameters or measured latency is
// met by the least ratio that does. MACs and parameters of a candidate are
// counted from the extents that it leaves, without making it.
//
// Result.Compensate adds the constant part of what the removed channels
// carried to the biases of what read them, by means that were measured on
// samples or follow from the normalisations. Result.Recover needs samples and
// does more: layer after layer it solves the weights anew, so that each gives
// what the dense layer gives.
//
// The plan, which indices of which weight of the parent stayed, is kept in
// the pruned model's metadata and composes over repeated prunes.
//
// What is not guaranteed: accuracy. A prune keeps the graph right, not the
// function; the pruned model is to be trained.
//
// Source: Kousar, Bhatti, Moon, "PruneFuse: Efficient Data Selection via
// Weight Pruning and Network Fusion", TMLR 2026, for the method and the
// floor rule; Fang et al., "DepGraph: Towards Any Structural Pruning", CVPR
// 2023, for coupled groups.
package pruning
