// Command prunefuse prunes an ONNX classifier to a small selector, lets it
// choose which samples are worth a label, fuses what it learned back into the
// full network, and writes the result as ONNX.
//
// Each command is one file: an options struct with its flags, and a function
// that calls the library and prints. What a command prints on stdout is its
// result; progress, notes and errors go to stderr. With --json the result is
// one object with a "schema", or one a line for streams.
//
// An error is one line on stderr that begins with "prunefuse: ". The exit
// codes are those of exitMeanings; a code that is not listed there is a
// failure too.
package main
