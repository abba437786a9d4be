package ort

import "regexp"

// sourceLine matches where in the runtime's own sources a message comes from: a
// path, a line and a function's signature.
var sourceLine = regexp.MustCompile(`(?:[A-Za-z]:)?[/\\][^ ]*\.(?:cc|h|cpp|hpp|cu):\d+ (?:[A-Za-z_][\w:<>~*& ]*\((?:[^()]|\([^()]*\))*\)(?: const)?(?: \[with [^\]]*\])? )?`)

// sourceless returns a message of the runtime without such places.
func sourceless(text string) string { return sourceLine.ReplaceAllString(text, "") }
