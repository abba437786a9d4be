// Package parquetfile opens Parquet files that may be damaged.
package parquetfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// magic begins and ends a file; before the one at the end stands the length of
// the footer, in four bytes.
const magic = "PAR1"

// Open opens a file of size bytes. A footer that claims to be longer than the
// file is refused before room for it is made.
func Open(f io.ReaderAt, size int64, options ...parquet.FileOption) (*parquet.File, error) {
	var end [4 + len(magic)]byte
	if size < int64(len(magic)+len(end)) {
		return nil, fmt.Errorf("%d bytes are too short for a Parquet file", size)
	}
	if _, err := f.ReadAt(end[:], size-int64(len(end))); err != nil {
		return nil, err
	}
	footer := int64(binary.LittleEndian.Uint32(end[:]))
	if room := size - int64(len(magic)+len(end)); bytes.HasSuffix(end[:], []byte(magic)) && footer > room {
		return nil, fmt.Errorf("the file is damaged: its footer claims %d of %d bytes", footer, room)
	}
	return parquet.OpenFile(f, size, options...)
}
