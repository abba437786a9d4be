package data

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/prunefuse/prunefuse/internal/atomicfile"
)

// Element is a type of value that .npy files are written with.
type Element interface{ float32 | int64 | uint8 }

// WriteNPY replaces the file path by an .npy array (format 1.0, C order) of the
// given shape: <f4 for float32, <i8 for int64, |u1 for uint8. The shape's product
// must be len(values).
func WriteNPY[T Element](path string, shape []int, values []T) error {
	return atomicfile.Write(path, 0o666, func(w io.Writer) error {
		return EncodeNPY(w, shape, values)
	})
}

// EncodeNPY writes to w what [WriteNPY] writes to a file.
func EncodeNPY[T Element](w io.Writer, shape []int, values []T) error {
	n, err := product(shape)
	if err != nil || n != int64(len(values)) {
		return fmt.Errorf("encode npy: %d values do not make up shape %v", len(values), shape)
	}
	if err := EncodeNPYHeader[T](w, shape); err != nil {
		return err
	}
	const chunk = 1 << 14
	buf := make([]byte, 0, 8*min(chunk, len(values)))
	for len(values) > 0 {
		part := values[:min(chunk, len(values))]
		values = values[len(part):]
		if _, err := w.Write(appendValues(buf[:0], part)); err != nil {
			return err
		}
	}
	return nil
}

// EncodeNPYHeader writes the part before the values, for an array that is
// streamed: the caller sends the little-endian values, as many as shape says.
func EncodeNPYHeader[T Element](w io.Writer, shape []int) error {
	var zero T
	dtype := map[string]string{"float32": "<f4", "int64": "<i8", "uint8": "|u1"}[fmt.Sprintf("%T", zero)]
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.Itoa(d)
	}
	tuple := strings.Join(dims, ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, tuple)
	// The values begin at a multiple of 64 bytes; the header ends in a newline.
	const before = len(npyMagic) + 4
	pad := 63 - (before+len(header))%64
	header += strings.Repeat(" ", pad) + "\n"
	out := append([]byte(npyMagic), 1, 0)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(header)))
	_, err := w.Write(append(out, header...))
	return err
}

func appendValues[T Element](out []byte, values []T) []byte {
	switch vs := any(values).(type) {
	case []float32:
		for _, v := range vs {
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(v))
		}
	case []int64:
		for _, v := range vs {
			out = binary.LittleEndian.AppendUint64(out, uint64(v))
		}
	case []uint8:
		out = append(out, vs...)
	}
	return out
}
