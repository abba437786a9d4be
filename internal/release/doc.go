// Release builds the archives of a release:
//
//	go run ./internal/release -o dist
//
// For every target it writes prunefuse_VERSION_OS_ARCH.tar.gz, or .zip for
// Windows, with the program, its manual pages and shell completions, LICENSE,
// NOTICE and README.md; and SHA256SUMS over all of them. The same commit gives
// the same bytes on machines with the same Go and C compilers: paths, build
// identifiers and the clock are kept out, and every file in an archive has the
// time of the commit.
//
// Models run through ONNX Runtime, which a program reaches only where it was
// built with cgo. The target of this machine is, and linux/arm64 where
// aarch64-linux-gnu-gcc is there; the others are built without and say so in
// the name of their archive: they do everything that runs no model.
package main
