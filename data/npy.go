package data

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// NPY is an array in NumPy's format (numpy.org/doc: lib.format, versions 1.0 to
// 3.0), read in place: only the header is held. Its methods are safe for
// concurrent use.
type NPY struct {
	Shape []int  // in C order
	DType string // of NumPy, such as "<f4" or "|u1"

	r      io.ReaderAt
	first  int64
	size   int  // bytes of a value
	texts  bool // values may be texts
	closer io.Closer
}

// npySizes lists the value types that are read and their bytes.
var npySizes = map[string]int{
	"<f4": 4, "<f8": 8, "<f2": 2, "|u1": 1, "|i1": 1, "|b1": 1, "<i2": 2, "<u2": 2, "<i4": 4, "<u4": 4, "<i8": 8,
}

const npyMagic = "\x93NUMPY"

// maxNPYHeader is the longest header accepted; NumPy itself stops at 10,000
// bytes for files it is not told to trust.
const maxNPYHeader = 1 << 16

// OpenNPY opens an .npy file and checks its length against its header.
func OpenNPY(path string) (*NPY, error) { return openNPYFile(path, false) }

// openNPYFile is OpenNPY; with texts it takes arrays of these, too.
func openNPYFile(path string, texts bool) (*NPY, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		var a *NPY
		if a, err = newNPY(f, info.Size(), texts); err == nil {
			a.closer = f
			return a, nil
		}
	}
	f.Close()
	return nil, err
}

// NewNPY reads the header of an .npy file of size bytes behind r.
func NewNPY(r io.ReaderAt, size int64) (*NPY, error) { return newNPY(r, size, false) }

func newNPY(r io.ReaderAt, size int64, texts bool) (*NPY, error) {
	header, first, err := npyHeader(r, size)
	if err != nil {
		return nil, err
	}
	a := &NPY{r: r, first: first, texts: texts}
	fortran, err := a.parse(header)
	if err != nil {
		return nil, fmt.Errorf("npy header: %w", err)
	}
	if fortran && len(a.Shape) > 1 {
		return nil, errors.New("the array is in Fortran order; save numpy.ascontiguousarray of it")
	}
	n, err := product(a.Shape)
	if err != nil {
		return nil, err
	}
	return a, checkLength(size-first, n*int64(a.size))
}

// npyHeader returns the dictionary at the start of the file and where the
// values begin.
func npyHeader(r io.ReaderAt, size int64) (header string, first int64, err error) {
	var head [12]byte
	n, err := r.ReadAt(head[:], 0)
	if n < 10 {
		return "", 0, truncated(err)
	}
	if string(head[:6]) != npyMagic {
		return "", 0, errors.New("it does not begin as an .npy file does")
	}
	var length int64
	switch major := head[6]; {
	case major == 1:
		length, first = int64(binary.LittleEndian.Uint16(head[8:])), 10
	case (major == 2 || major == 3) && n == len(head):
		length, first = int64(binary.LittleEndian.Uint32(head[8:])), 12
	case major == 2 || major == 3:
		return "", 0, errTruncated
	default:
		return "", 0, fmt.Errorf(".npy format version %d is not known", major)
	}
	if length > maxNPYHeader {
		return "", 0, fmt.Errorf("its header claims %d bytes", length)
	}
	if first+length > size {
		return "", 0, errTruncated
	}
	buf := make([]byte, length)
	if err := readAt(r, buf, first); err != nil {
		return "", 0, err
	}
	return string(buf), first + length, nil
}

// parse takes the dictionary {'descr': '<f4', 'fortran_order': False, 'shape':
// (2, 3), } apart.
func (a *NPY) parse(header string) (fortran bool, err error) {
	body := strings.TrimSpace(header)
	if !strings.HasPrefix(body, "{") || !strings.HasSuffix(body, "}") {
		return false, errors.New("not a dictionary")
	}
	rest := body[1 : len(body)-1]
	seen := map[string]bool{}
	for {
		rest = strings.TrimLeft(rest, " \t\n,")
		if rest == "" {
			break
		}
		var key string
		if key, rest, err = pyString(rest); err != nil {
			return false, err
		}
		if seen[key] {
			return false, fmt.Errorf("key %q twice", key)
		}
		seen[key] = true
		rest = strings.TrimLeft(rest, " ")
		if !strings.HasPrefix(rest, ":") {
			return false, fmt.Errorf("no value for %q", key)
		}
		rest = strings.TrimLeft(rest[1:], " ")
		switch key {
		case "descr":
			rest, err = a.parseType(rest)
		case "fortran_order":
			fortran, rest, err = pyBool(rest)
		case "shape":
			a.Shape, rest, err = pyTuple(rest)
		default:
			err = fmt.Errorf("unknown key %q", key)
		}
		if err != nil {
			return false, err
		}
	}
	if len(seen) != 3 {
		return false, errors.New("descr, fortran_order or shape is missing")
	}
	return fortran, nil
}

func (a *NPY) parseType(s string) (rest string, err error) {
	if strings.HasPrefix(s, "[") {
		return "", errors.New("it holds records; only plain arrays are read")
	}
	a.DType, rest, err = pyString(s)
	if err != nil {
		return "", err
	}
	if len(a.DType) == 3 && a.DType[2] == '1' && a.DType[1] != 'U' { // of one byte there is no order
		a.DType = "|" + a.DType[1:]
	}
	if a.size = npySizes[a.DType]; a.size > 0 {
		return rest, nil
	}
	size, text := textSize(a.DType)
	if a.size = size; !text || !a.texts {
		return "", fmt.Errorf("values of type %q are not read; use little-endian floats, integers or booleans%s", a.DType, whyNot(a.DType))
	}
	return rest, nil
}

func pyString(s string) (value, rest string, err error) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return "", "", errors.New("a quoted string is missing")
	}
	value, rest, ok := strings.Cut(s[1:], s[:1])
	if !ok {
		return "", "", errors.New("a quote is not closed")
	}
	return value, rest, nil
}

func pyBool(s string) (value bool, rest string, err error) {
	if rest, ok := strings.CutPrefix(s, "False"); ok {
		return false, rest, nil
	}
	if rest, ok := strings.CutPrefix(s, "True"); ok {
		return true, rest, nil
	}
	return false, "", errors.New("fortran_order is neither True nor False")
}

func pyTuple(s string) (dims []int, rest string, err error) {
	if !strings.HasPrefix(s, "(") {
		return nil, "", errors.New("shape is no tuple")
	}
	inner, rest, ok := strings.Cut(s[1:], ")")
	if !ok {
		return nil, "", errors.New("shape is not closed")
	}
	dims = []int{}
	for part := range strings.SplitSeq(inner, ",") {
		part = strings.TrimSuffix(strings.TrimSpace(part), "L") // Python 2 wrote 3L
		if part == "" {
			continue
		}
		d, err := strconv.Atoi(part)
		if err != nil || d < 0 {
			return nil, "", fmt.Errorf("shape holds %q", part)
		}
		dims = append(dims, d)
	}
	return dims, rest, nil
}

// Close closes the file that [OpenNPY] opened.
func (a *NPY) Close() error {
	if a.closer == nil {
		return nil
	}
	return a.closer.Close()
}

// Len returns the number of values.
func (a *NPY) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// ReadFloats writes the len(dst) values from index from on, in C order, to dst.
func (a *NPY) ReadFloats(from int, dst []float32) error {
	return a.values(from, len(dst), func(buf []byte) { decodeFloats(a.DType, buf, dst) })
}

// ReadInts writes the len(dst) values from index from on to dst. The array must
// hold integers.
func (a *NPY) ReadInts(from int, dst []int64) error {
	if a.DType[1] == 'f' {
		return fmt.Errorf("the array holds floats (%s), not integers", a.DType)
	}
	return a.values(from, len(dst), func(buf []byte) { decodeInts(a.DType, buf, dst) })
}

// readBytes reads values of an array of bytes, as they are.
func (a *NPY) readBytes(from int, dst []uint8) error {
	if from < 0 || from > a.Len()-len(dst) {
		return a.outside(from, len(dst))
	}
	return readAt(a.r, dst, a.first+int64(from))
}

func (a *NPY) outside(from, n int) error {
	return fmt.Errorf("values %d to %d are outside of the %d there are", from, from+n, a.Len())
}

// values hands the bytes of n values to decode.
func (a *NPY) values(from, n int, decode func([]byte)) error {
	if from < 0 || n < 0 || from > a.Len()-n {
		return a.outside(from, n)
	}
	return withBuffer(n*a.size, func(buf []byte) error {
		if err := readAt(a.r, buf, a.first+int64(from)*int64(a.size)); err != nil {
			return err
		}
		decode(buf)
		return nil
	})
}

func decodeFloats(dtype string, buf []byte, dst []float32) {
	le := binary.LittleEndian
	switch dtype {
	case "<f4":
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(buf[4*i:]))
		}
	case "<f8":
		for i := range dst {
			dst[i] = float32(math.Float64frombits(le.Uint64(buf[8*i:])))
		}
	case "<f2":
		for i := range dst {
			dst[i] = halfToFloat(le.Uint16(buf[2*i:]))
		}
	case "|u1":
		for i := range dst {
			dst[i] = float32(buf[i])
		}
	default:
		for i := range dst {
			dst[i] = float32(integer(dtype, buf, i))
		}
	}
}

// integer is value i of an array of integers.
func integer(dtype string, buf []byte, i int) int64 {
	le := binary.LittleEndian
	switch dtype {
	case "|u1", "|b1":
		return int64(buf[i])
	case "|i1":
		return int64(int8(buf[i]))
	case "<i2":
		return int64(int16(le.Uint16(buf[2*i:])))
	case "<u2":
		return int64(le.Uint16(buf[2*i:]))
	case "<i4":
		return int64(int32(le.Uint32(buf[4*i:])))
	case "<u4":
		return int64(le.Uint32(buf[4*i:]))
	}
	return int64(le.Uint64(buf[8*i:]))
}

func decodeInts(dtype string, buf []byte, dst []int64) {
	for i := range dst {
		dst[i] = integer(dtype, buf, i)
	}
}

// halfToFloat converts an IEEE 754 binary16 value.
func halfToFloat(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exponent, fraction := uint32(h>>10)&0x1f, uint32(h)&0x3ff
	switch exponent {
	case 0: // zero or subnormal: fraction × 2⁻²⁴
		v := float32(fraction) / (1 << 24)
		return math.Float32frombits(math.Float32bits(v) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
}
