// Package ort runs ONNX models with ONNX Runtime.
//
// [Init] loads the runtime's shared library, once for the process. It looks at
// an explicit path, the environment variable [EnvLibrary], the folder of the
// executable, the system's library folders and the user's cache, and then gets
// a build whose digest is written in this package. [Describe] tells what was
// found where, and why the rest was passed over.
//
// A [Session] runs one model. Its inputs and outputs are [Tensor] values over
// Go memory that the runtime reads and writes in place, so a training loop
// makes its tensors once and swaps them between the two lists:
//
//	if err := ort.Init(ctx, ort.Options{Progress: os.Stderr}); err != nil {
//		return err
//	}
//	s, err := ort.OpenSession("model.onnx", ort.SessionOptions{})
//	...
//	defer s.Close()
//	err = s.Run(ctx, []*ort.Tensor{x}, []*ort.Tensor{y})
//
// Sessions may be used by several goroutines at once. A tensor may be read by
// several runs at once but written by one; Run refuses what would be a race.
//
// Not guaranteed: that two runtime versions, thread counts or providers give
// the same bits. One session on one machine's CPU does.
//
// Not supported: string tensors, sequences and maps, models without inputs,
// and float16 scalars.
//
// Built without cgo the package has the same API, and everything that needs
// the runtime returns an error matching [ErrNoRuntime].
package ort
