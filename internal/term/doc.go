// Package term writes what a person reads while a command works and after it:
// progress on stderr, aligned tables on stdout, and numbers in the units of
// the field.
//
// On a terminal a [Bar] is drawn in place with its count, the caller's note
// (loss, accuracy), the rate and the time left. Anywhere else (a pipe, a file,
// TERM=dumb) it is plain lines: one when the bar opens, at most one each
// [Options.Interval], one when it is done. With Quiet or JSON there is nothing.
//
// Contract: all methods may be called from any goroutine. Once the context is
// cancelled nothing more is drawn. After [Term.Close], and whenever no bar is
// open, the terminal is at the start of an empty line and nobody but the
// caller writes to it, so an error line printed then stands alone. Control
// characters in labels, notes and cells are replaced, so that a file name
// cannot move the cursor. NO_COLOR is honoured.
//
// Not guaranteed: that every intermediate state of a bar is seen, nor that the
// text of progress is stable; scripts read the command's JSON.
package term
