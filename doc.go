// Package prunefuse chooses which samples are worth a label with a pruned
// copy of the network that will be trained on them, and gives what that copy
// learned back to the full network.
//
// Run does the whole method: build the dense network, prune it before training
// into a selector, train the selector on a few random labels, let it score the
// samples without a label, label what it finds most uncertain, repeat; then
// fuse the selector into the dense network, train that, compare with the
// alternatives and write the networks, a report and a ledger of what
// everything cost.
//
// The steps are packages of their own, each usable alone: data opens samples,
// models builds networks, pruning cuts them, training fits them, scoring ranks
// a pool, fusion puts a pruned network back, export makes a network ready for
// deployment, onnxio reads and writes ONNX; loop puts them together.
//
// What holds: the same configuration, seed and thread count give the same
// selection and the same model files, also after an interrupted run is taken
// up again. What is not guaranteed: the same bits on another processor or
// with another ONNX Runtime; and that selection pays on every data set,
// which is why a run measures it against random selection.
//
// Source: Kousar, Bhatti, Moon, "PruneFuse: Efficient Data Selection via
// Weight Pruning and Network Fusion", TMLR 2026.
package prunefuse
