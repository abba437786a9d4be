// Package version holds the program's version.
package version

// Version is the program's version; a release build sets it by -ldflags -X.
var Version = "0.1.0-dev"
