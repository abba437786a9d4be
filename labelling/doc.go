// Package labelling writes batches of samples for people to label, and reads the
// answers that come back: the import and export files of Label Studio, the XML of
// CVAT, and plain tables and JSON lines for anything else.
//
// [ReadFiles] keeps every [Annotation] with its annotator and time, and makes one label
// a sample of them as [Config] says; [Decide] does the same of annotations that were
// read before; [Result.Agreement] says how well the annotators agree.
//
// What holds: a sample is known by the field that carries its ID and never by
// another; a sample gets one label, or none; whatever is no label, and whatever
// answers differ, is told, all of it at once.
//
// What is not guaranteed: other kinds of answers than the choice of one class. Boxes,
// ratings and texts are no labels here.
//
// Formats as documented at labelstud.io/guide/tasks and guide/export, and at
// docs.cvat.ai/docs/manual/advanced/formats/format-cvat. A task carries the sample's ID
// in its data, so that no name of a file has to be taken apart on the way back.
package labelling
