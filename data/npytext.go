package data

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// maxNPYText bounds the characters of one text in an array.
const maxNPYText = 1 << 16

// textSize returns the bytes of a value of one of NumPy's types of text: <U5 has five
// characters of four bytes, |S5 five bytes. Both are filled up with zeros.
func textSize(dtype string) (bytes int, ok bool) {
	if len(dtype) < 3 || dtype[:2] != "<U" && dtype[:2] != "|S" {
		return 0, false
	}
	n, err := strconv.Atoi(dtype[2:])
	if err != nil || n < 1 || n > maxNPYText {
		return 0, false
	}
	if dtype[1] == 'U' {
		n *= 4
	}
	return n, true
}

// isText reports whether the values are texts.
func (a *NPY) isText() bool {
	_, text := textSize(a.DType)
	return text
}

// readTexts adds the texts of an array of one dimension.
func (a *NPY) readTexts(to *labelTexts) error {
	value := make([]byte, a.size)
	for i := range a.Len() {
		if err := readAt(a.r, value, a.first+int64(i)*int64(a.size)); err != nil {
			return fmt.Errorf("text %d: %w", i, err)
		}
		text := value
		if a.DType[1] == 'U' {
			text = utf32(value)
		}
		to.add(string(bytes.TrimRight(text, "\x00")))
	}
	return nil
}

// utf32 turns little-endian UTF-32 into UTF-8; what is no character becomes U+FFFD.
func utf32(value []byte) []byte {
	var b strings.Builder
	for ; len(value) >= 4; value = value[4:] {
		b.WriteRune(rune(min(binary.LittleEndian.Uint32(value), 0x110000)))
	}
	return []byte(b.String())
}

// whyNot says what a type of NumPy is that is often met and not read.
func whyNot(dtype string) string {
	switch {
	case strings.HasSuffix(dtype, "O"):
		return "; O is pickled Python objects: save the array with .astype(str), or as numbers"
	case strings.HasPrefix(dtype, ">"):
		return "; > is big-endian"
	}
	return ""
}
