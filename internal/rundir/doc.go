// Package rundir keeps the state of a run in a folder of plain files:
//
//	LOCK           process that works in the folder; held only while it lives
//	run.json       what the run is: command, resolved config, seed, versions, inputs
//	events.jsonl   what happened, one JSON object a line, appended only
//	round-003/     the files of round 3; metrics.json is written last
//
// Everything but events.jsonl is written to a temporary name, flushed and
// renamed, so a run that is killed at any moment can be opened again: a round
// without metrics.json did not happen and is begun anew, a half-written line at
// the end of events.jsonl is dropped.
//
// The lock is one of the operating system on the file LOCK, which it releases
// when the process ends, however that happens. The file names the process for
// people and error messages; its mere presence locks nothing.
//
// Not guaranteed: locking between machines on network file systems that do not
// pass locks on.
package rundir
