package parquetfile

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// A page may grow to pageRoom and pageGrowth times its compressed size. A column may
// have mostValues values a byte of the file.
const (
	pageRoom   = 64 << 20
	pageGrowth = 1 << 10
	mostValues = 256
	// longestHeader is how long the header of a page may be.
	longestHeader = 64 << 10
)

// CheckPages reads the headers of all pages of a file of size bytes. It refuses pages
// that claim to be larger, or to hold more, than they can, for which the reader of
// pages would make room.
func CheckPages(f io.ReaderAt, size int64, file *parquet.File) error {
	for g, group := range file.Metadata().RowGroups {
		for k := range group.Columns {
			if err := checkChunk(f, size, &group.Columns[k].MetaData); err != nil {
				return fmt.Errorf("the file is damaged: row group %d, column %d: %w", g, k, err)
			}
		}
	}
	return nil
}

func checkChunk(f io.ReaderAt, size int64, c *format.ColumnMetaData) error {
	begin := c.DataPageOffset
	if at := c.DictionaryPageOffset; at > 0 && at < begin {
		begin = at
	}
	length := c.TotalCompressedSize
	if begin < 0 || length < 0 || begin > size || length > size-begin {
		return fmt.Errorf("it claims %d bytes from %d of %d", length, begin, size)
	}
	if c.NumValues < 0 || c.NumValues/mostValues > size {
		return fmt.Errorf("it claims %d values in a file of %d bytes", c.NumValues, size)
	}
	window := make([]byte, min(longestHeader, length))
	for at, values := int64(0), int64(0); values < c.NumValues; {
		n, err := f.ReadAt(window[:min(int64(len(window)), length-at)], begin+at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		var h format.PageHeader
		var protocol thrift.CompactProtocol
		in := protocol.NewReaderFromBytes(window[:n])
		if err := thrift.NewDecoder(in).Decode(&h); err != nil {
			return fmt.Errorf("read a page's header: %w", err)
		}
		at += int64(in.BytesRead())
		if err := checkPage(&h, length-at, c.NumValues); err != nil {
			return err
		}
		at += int64(h.CompressedPageSize)
		if h.Type != format.DictionaryPage && h.Type != format.IndexPage {
			values += valuesOf(&h)
		}
	}
	return nil
}

// checkPage checks a header before the bytes that are left of a column, which claims a
// number of values.
func checkPage(h *format.PageHeader, left, values int64) error {
	compressed, full, n := int64(h.CompressedPageSize), int64(h.UncompressedPageSize), valuesOf(h)
	switch {
	case compressed < 0 || compressed > left:
		return fmt.Errorf("a page claims %d of the %d bytes that are left", compressed, left)
	case full < 0 || full > pageRoom+pageGrowth*compressed:
		return fmt.Errorf("a page of %d bytes claims to hold %d", compressed, full)
	case n < 0 || n > values:
		return fmt.Errorf("a page claims %d of the column's %d values", n, values)
	}
	return nil
}

// valuesOf is the number of values that a page claims.
func valuesOf(h *format.PageHeader) int64 {
	switch {
	case h.DataPageHeader.Valid:
		return int64(h.DataPageHeader.V.NumValues)
	case h.DataPageHeaderV2.Valid:
		return int64(h.DataPageHeaderV2.V.NumValues)
	case h.DictionaryPageHeader.Valid:
		return int64(h.DictionaryPageHeader.V.NumValues)
	}
	return 0
}
