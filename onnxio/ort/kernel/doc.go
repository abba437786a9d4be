// Package kernel adds operators in C to sessions of ONNX Runtime: what a
// training step on the CPU needs and the runtime's own operators are slow at.
//
// The operators are of the domain [Domain], version 1, float32, batch first,
// channels on axis 1. A file in C holds one family of them as values of
// pf_op (op.h): its name, its inputs and outputs, its shapes and its
// computation, which gets memory and a pool of threads and makes neither.
// register.c is all that knows the runtime's C API; ort_abi.h declares the few
// entries of its table that are used, which never change their places.
//
// On x86 a computation is compiled for AVX-512, for AVX2 with FMA and for the
// least common processor, and chosen when it runs; levels.h says how.
//
// What holds: the same inputs, thread count and instruction set give the same
// bits, however the tasks are scheduled. What is not guaranteed: equal bits
// with another number of threads or other instructions.
//
// It is for onnxio/ort alone, which offers the operators to the models that
// import the domain. Without cgo there are none.
package kernel

// Domain is the domain of the operators.
const Domain = "prunefuse"
