// Package onnxio reads, edits and writes ONNX models.
//
// A Model is loaded from a file (Load) or bytes (Parse), made from nothing
// (New), and written whole or not at all (Save). Its Graph is an index over
// the file's own messages, so what this package does not understand, down to
// unknown protobuf fields, survives a round trip, and the opset and
// ir_version stay the exporter's. Tensors are read through typed accessors
// that hide where the elements lie: raw bytes, typed fields, or an external
// file, which must be inside the model's folder.
//
// A Patch is the only way to change a graph. It gathers edits and makes them
// all or none, so a Graph that can be reached is always valid: one producer
// for each value, nothing read that nothing makes, nodes in topological
// order. A Clone shares tensors and nodes with its original and can be
// edited without touching it.
//
// What is not guaranteed: operators are not interpreted here (package op
// does), so stated types may be stale until inference replaces them; sparse
// initializers and segmented tensors are refused; a Graph is safe for
// concurrent reading, not for editing while it is read.
//
// Source: the ONNX specification, "Open Neural Network Exchange Intermediate
// Representation", IR version 10.
package onnxio
