package onnxio

import (
	"bytes"
	"fmt"
	"io"
)

// source is where the bytes of a tensor come from when it does not hold them.
type source interface {
	// open gives the bytes, of which there must be as many as want.
	open(want int64) (reader, error)
}

type reader interface {
	io.ReaderAt
	io.Closer
}

// unclosed is bytes that need no closing.
type unclosed struct{ io.ReaderAt }

func (unclosed) Close() error { return nil }

// reader gives the tensor's bytes, wherever they lie.
func (t *Tensor) reader() (reader, error) {
	if t.src == nil {
		raw, err := t.held()
		return unclosed{bytes.NewReader(raw)}, err
	}
	want, err := t.rawSize()
	if err != nil {
		return nil, err
	}
	return t.src.open(want)
}

// windowSize is how many bytes are held at once of a tensor that is not in
// memory. It is a multiple of every element's size.
const windowSize = 1 << 16

// window gives stretches of a tensor's bytes: of one in memory as they lie
// there, of others through a buffer.
type window struct {
	buf  []byte
	from int64  // where buf begins
	size int64  // of the whole tensor
	src  reader // nil where buf is the whole tensor
}

// window begins to read the tensor. Errors are those of Bytes.
func (t *Tensor) window() (w *window, err error) {
	w = &window{}
	if w.size, err = t.rawSize(); err == nil && t.src == nil {
		w.buf, err = t.held()
	} else if err == nil {
		w.src, err = t.src.open(w.size)
	}
	if err != nil {
		return nil, fmt.Errorf("read tensor %q: %w", t.Name(), err)
	}
	return w, nil
}

// at gives n bytes from off on, which are of use until the next call.
func (w *window) at(off, n int64) ([]byte, error) {
	if at := off - w.from; at >= 0 && at+n <= int64(len(w.buf)) {
		return w.buf[at : at+n], nil
	}
	size := min(max(n, windowSize), w.size-off)
	if int64(cap(w.buf)) < size {
		w.buf = make([]byte, size)
	}
	w.buf, w.from = w.buf[:size], off
	if err := readFull(w.src, w.buf, off); err != nil {
		w.buf = nil
		return nil, err
	}
	return w.buf[:n], nil
}

func (w *window) close() {
	if w.src != nil {
		w.src.Close()
	}
}

// stream passes the tensor's bytes to f in order, in stretches of whole
// elements that are of use until f returns.
func (t *Tensor) stream(f func([]byte) error) error {
	w, err := t.window()
	if err != nil {
		return err
	}
	defer w.close()
	step := w.size
	if w.src != nil {
		step = windowSize
	}
	for off := int64(0); off < w.size; off += step {
		b, err := w.at(off, min(step, w.size-off))
		if err != nil {
			return fmt.Errorf("read tensor %q: %w", t.Name(), err)
		}
		if err := f(b); err != nil {
			return err
		}
	}
	return nil
}

func (t *Tensor) writeTo(w io.Writer) error {
	return t.stream(func(b []byte) error {
		_, err := w.Write(b)
		return err
	})
}

// readFull fills b from off on.
func readFull(r io.ReaderAt, b []byte, off int64) error {
	if n, err := r.ReadAt(b, off); n < len(b) {
		return err
	}
	return nil
}

// filled is elements that are all equal.
type filled []byte

func (f filled) open(int64) (reader, error) { return unclosed{f}, nil }

// ReadAt reads from the beginning of an element on.
func (f filled) ReadAt(b []byte, _ int64) (int, error) {
	for n := copy(b, f); n < len(b); n *= 2 {
		copy(b[n:], b[:n])
	}
	return len(b), nil
}
