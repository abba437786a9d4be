// Package labelling writes batches of samples for people to label, and reads
// what comes back: the import and export files of Label Studio, and plain CSV
// and JSON lines for anything else.
//
// Formats as documented at labelstud.io/guide/tasks and guide/export. A task
// carries the sample's ID in its data, so that no name of a file has to be
// taken apart on the way back.
package labelling
