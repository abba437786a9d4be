// Package show prints what commands found as tables for people. What programs read is the
// JSON of the same values, which the commands print.
package show
