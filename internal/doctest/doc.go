// Package doctest holds the pages of the documentation to the program. It is
// tests alone. In README.md, docs, examples and the pages for contributors
//
//   - every command of a fence of sh or console, and of a table, is run;
//   - the output below a command of a console fence is what it prints;
//   - every flag exists in the help of its command;
//   - every snippet of Go stands in a file that is compiled;
//   - every relative link and anchor leads somewhere.
//
// HTML comments, which no reader sees, say how. They stand on a line of their
// own before a fence or a table, or within a row of a table:
//
//	<!-- given: images dense.onnx -->  go on in a new folder with these inputs
//	                                   or files beside the page
//	<!-- file: loop.yaml -->           the fence is the content of that file
//	<!-- from: pruning/x_test.go -->   the fence of Go is cut out of that file
//	<!-- not run: needs Slurm -->      why the commands are not run
//
// The commands of a page run in turn. testdata/inputs.sh makes the inputs. In
// console output a line of … stands for any lines, and … within a line for any
// text.
package doctest
