// Package spelling makes texts comparable that people and file systems spell in
// different ways: Unicode has two spellings of é, and macOS writes the names of files in
// the one that few keyboards do (unicode.org/reports/tr15).
package spelling

import "golang.org/x/text/unicode/norm"

// Composed returns a text in the composed form of Unicode, NFC. Texts that look alike for
// that reason alone are equal then. What is no UTF-8 stays as it is.
func Composed(text string) string { return norm.NFC.String(text) }
