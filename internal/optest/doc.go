// Package optest checks operator definitions against ONNX Runtime.
//
// Every case of a definition is a model of one node, of which these things
// are checked, each a subtest:
//
//   - round trip: the model's text is the same after encoding and decoding;
//   - shape: inferred types and values are those the runtime computes, from
//     the stated shapes and from ones with a symbolic first axis;
//   - upgrade: a case of an older opset, lifted, computes the same;
//   - gradient: the vector-Jacobian product written by the definition, run by
//     the runtime, equals central differences of the forward graph along
//     random directions, in the form the operator has in training;
//   - axes: cutting indices off as the axis rule says equals masking them;
//   - linear: of operators said to be so, the output is linear in the operands,
//     and a bias and what stands in for it add what they are said to;
//   - product: the output is the sum of products that the definition says.
//
// The checks use the public interface of package op alone, so that a
// definition is tested by its Cases and nothing else.
package optest
