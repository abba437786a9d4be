package ort

// ThroughFiles is what SessionOf does with models too large for a file.
var ThroughFiles = throughFiles
