package data

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// byteSet is a set of equally long records of 8-bit samples, in planes,
// behind a ReaderAt.
type byteSet struct {
	name    string // for errors
	shape   Shape
	classes []string
	labels  []uint8 // nil when there are none
	count   int
	prefix  string // of the IDs, with its slash
	indices []int  // the numbers in the IDs; nil for 0, 1, 2, …

	r      io.ReaderAt
	first  int64 // offset of the pixels of sample 0
	stride int64 // from sample to sample
	closer io.Closer
}

func (s *byteSet) Len() int          { return s.count }
func (s *byteSet) Shape() Shape      { return s.shape }
func (s *byteSet) Classes() []string { return s.classes }

func (s *byteSet) ID(i int) string {
	if s.indices != nil {
		i = s.indices[i]
	}
	return s.prefix + strconv.Itoa(i)
}

func (s *byteSet) Label(i int) int {
	if s.labels == nil {
		return -1
	}
	return int(s.labels[i])
}

func (s *byteSet) Close() error {
	if s.closer == nil {
		return nil
	}
	return s.closer.Close()
}

// buffers holds *[]byte used while a record is read.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// withBuffer calls use with n bytes of scratch memory.
func withBuffer(n int, use func([]byte) error) error {
	p := buffers.Get().(*[]byte)
	defer buffers.Put(p)
	if cap(*p) < n {
		*p = make([]byte, n)
	}
	return use((*p)[:n])
}

func (s *byteSet) Read(i int, dst []float32) error { return readUnit(s, i, dst) }

func (s *byteSet) readPixels(i int, dst []uint8) error {
	if err := readAt(s.r, dst, s.first+int64(i)*s.stride); err != nil {
		return fmt.Errorf("read sample %d of %s: %w", i, s.name, err)
	}
	return nil
}

// readAt fills buf from offset on.
func readAt(r io.ReaderAt, buf []byte, offset int64) error {
	if n, err := r.ReadAt(buf, offset); n < len(buf) {
		return truncated(err)
	}
	return nil
}

// truncated words an end of file that comes too early.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errTruncated
	}
	return err
}
