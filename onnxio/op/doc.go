// Package op is the operator table: everything the program knows of ONNX
// operators, one value in one file each.
//
// A Def holds an operator's name and opsets, its shape rule, its axis rule
// (which indices of which axes belong together, for pruning), its gradient
// (a vector-Jacobian product written as ONNX nodes, for training), its cost,
// its form in training and its rewriting from older opsets where they
// differ, and the Cases on which package internal/optest checks all of that
// against ONNX Runtime. To add an operator, write its file and add its line
// to the table; nothing else changes.
//
// The walks know no operator. InferGraph finds types, shapes with symbolic
// extents, and the small integer values that shapes are computed from; Fold
// replaces what is known by constants and Sweep removes what is dead; Count
// adds up parameters and multiply-accumulates; NewAxes gives one node's axis
// statements, which package pruning combines; Lift brings a model of opset 7
// or later to 17; Derivative writes the training form of a graph and its
// gradients, which package training runs, where Emit.Kernels says so with
// operators of the Native domain, which have no Def: they are in no model that
// is kept.
//
// What is not guaranteed: an operator outside the table is listed, not
// refused, by inference, takes its declared types, and pins what it touches;
// a derivative through it is an UnsupportedError, as it is through an
// operator without one. At kinks the gradient is one of the possible ones:
// of Relu and Clip 0, of Abs 0, of Max, Min and their reductions even shares,
// of MaxPool even shares where the windows tile the input and else the first
// maximum; of a norm of nothing but zeros 0. The gradients of what goes in
// steps (Floor, Ceil, Round, Sign, Hardmax) are zero, as in PyTorch.
// Gradients are written for float32.
//
// Source: the ONNX operator specification, opsets 7 to 24; for axes, Fang et
// al., "DepGraph: Towards Any Structural Pruning", CVPR 2023; for
// BatchNormalization, Ioffe and Szegedy, ICML 2015.
package op
