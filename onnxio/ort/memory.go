package ort

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// MemoryError says that the runtime could not get the memory for a run or a
// session: on the CPU or on a GPU. Smaller batches need less.
type MemoryError struct {
	Node  string // that asked for it, "" where it is not known
	Bytes uint64 // in one piece, 0 where it is not known
}

func (e *MemoryError) Error() string {
	s := "out of memory: the runtime could not get "
	if e.Bytes > 0 {
		s += fmt.Sprintf("%.1f GiB in one piece", float64(e.Bytes)/(1<<30))
	} else {
		s += "what it needs"
	}
	if e.Node != "" {
		s += fmt.Sprintf(" for node %q", e.Node)
	}
	return s
}

var (
	outOfMemory = regexp.MustCompile(`Failed to allocate memory|bad_alloc|bad allocation|out of memory|ALLOC_FAILED`)
	bufferSize  = regexp.MustCompile(`requested buffer of size (\d+)`)
	failedNode  = regexp.MustCompile(`Name:'([^']*)'`)
)

// asError is what the runtime's words amount to.
func asError(message string) error {
	if !outOfMemory.MatchString(message) {
		return errors.New(message)
	}
	e := &MemoryError{}
	if m := failedNode.FindStringSubmatch(message); m != nil {
		e.Node = m[1]
	}
	if m := bufferSize.FindStringSubmatch(message); m != nil {
		e.Bytes, _ = strconv.ParseUint(m[1], 10, 64) // one that is too long is not known
	}
	return e
}
