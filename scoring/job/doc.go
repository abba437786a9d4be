// Package job makes passes over a pool that can be killed, cut into shards and
// put together again.
//
// [Open] takes a [Spec]: a [Network], a pool or some [Samples] of it, and a file
// for a journal. [Job.Records] yields the records that an earlier run left in the
// journal and then those of the pass that goes on from there, so that whoever
// takes them cannot tell a run that was killed from one that was not. [Run] is a
// pass with its files: those of its scores, features and class
// probabilities, and a choice. [Merge] makes of the files of all shards of a pool
// the ones that a single run would have written. [Choose] chooses from such files.
// Nothing here prints: [Hooks] are told of progress, of samples without a score and
// of whatever bears on the result.
//
// What holds:
//
//   - The files of a run do not depend on how often it was killed, on shards,
//     batches or threads: they are the same byte for byte.
//   - A journal that another run left is refused, and two processes never write
//     one journal where the file system has locks.
//   - Output files appear together and complete, or not at all.
//   - Memory does not grow with the pool, but for what a strategy that looks at
//     the whole pool holds; a subset of the pool takes a bit a sample.
//
// What is not guaranteed: that the last records before a power failure are kept.
// They are scored again.
//
// A shard here is a stretch of a pool. Source of the format: a line a sample, so
// that a file that was cut anywhere is good up to there.
package job
