// Package onnxpb holds the protobuf messages of an ONNX model, generated from
// onnx.proto beside it. Only package onnxio reads or writes them; everyone
// else uses the graph it builds.
//
// Source: the ONNX intermediate representation specification, IR version 10.
// Fields that a newer version adds are kept as unknown fields and written
// back unchanged.
package onnxpb

//go:generate protoc --proto_path=../.. --go_out=../.. --go_opt=paths=source_relative onnxio/onnxpb/onnx.proto
