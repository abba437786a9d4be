// Package rundir keeps a run in a folder:
//
//	LOCK           process that works in the folder; held only while it lives
//	run.json       what the run is: command, resolved config, seed, versions, inputs
//	events.jsonl   what happened, one JSON object a line, appended only
//
// and whatever else the run writes beside them. run.json is written once, to a
// temporary name that is renamed. A line of events.jsonl carries the sum of
// itself and of the line before it, the first of itself and of run.json, so a
// line that was changed, dropped or taken from another run does not go
// unnoticed. What a killed process left of a line at the end is dropped.
//
// The lock is one of the operating system on the file LOCK, which it releases
// when the process ends, however that happens. The file names the process for
// people and error messages; its mere presence locks nothing.
//
// Not guaranteed: locking between machines on network file systems that do not
// pass locks on; and a log that lost whole lines at its end cannot be told from
// one of a run that was killed earlier.
package rundir
