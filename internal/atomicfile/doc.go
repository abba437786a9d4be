// Package atomicfile replaces files as a whole or not at all.
//
// A file is written under a temporary name in the folder of its target,
// flushed to the device and renamed over the target. Whatever goes wrong
// before the rename (an error or a panic of the writer, a full disk noticed
// by write, fsync or close) leaves the target as it was and no temporary file
// behind. Only a process killed in the middle leaves one, named
// ".prunefuse-*.tmp", which nothing ever reads.
//
// [Group] does the same for several files that belong together.
//
// A target that is a symbolic link stays one: the file it points to is
// replaced. A target that is a device or a pipe (/dev/null, /dev/stdout) is
// written in place, since it can be neither renamed nor half-written.
//
// Not guaranteed: that a group is all or nothing across a crash of the
// machine between two renames, and that the mode and owner of a replaced file
// are kept.
package atomicfile
