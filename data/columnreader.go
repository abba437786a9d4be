package data

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"sync"

	"github.com/parquet-go/parquet-go"

	"github.com/prunefuse/prunefuse/internal/pixel"
)

// columnReader gives the values of a column of bytes, row group by row group. It
// is for rows that are read more or less in order, by several goroutines: pages
// are unpacked once, as the first of their rows is asked for, and the last ones
// are kept. Going back to a page that is not kept costs reading its row group
// from the start, unless the file has an index of its pages.
type columnReader struct {
	groups []*columnGroup
	ends   []int // of each group, in rows

	mu    sync.Mutex
	kept  int // bytes of the pages kept
	clock int
}

// columnGroup is the column in one row group.
type columnGroup struct {
	chunk  parquet.ColumnChunk
	rows   int
	cursor parquet.Pages // nil while it is not being read
	next   int           // the row that the cursor's next page begins with
	used   int           // when it was read last
	kept   []*columnPage // by their first rows

	broken     error // from this row on nothing can be read
	brokenFrom int
}

// columnPage is an unpacked page.
type columnPage struct {
	first int // row of its first value
	ends  []int
	bytes []byte
	used  int
}

const (
	// keptBytes is about how much of the pages is kept. It is enough for the
	// rows that a pipeline is at, and for all of a small data set.
	keptBytes = 256 << 20
	// keptCursors is how many row groups are being read at a time.
	keptCursors = 8
)

func (r *columnReader) add(chunk parquet.ColumnChunk, rows int) {
	r.groups = append(r.groups, &columnGroup{chunk: chunk, rows: rows})
	r.ends = append(r.ends, r.len()+rows)
}

func (r *columnReader) len() int {
	if len(r.ends) == 0 {
		return 0
	}
	return r.ends[len(r.ends)-1]
}

// read returns value i, or the first limit bytes of it, in buf where that is
// long enough.
func (r *columnReader) read(i, limit int, buf []byte) ([]byte, error) {
	k := sort.SearchInts(r.ends, i+1)
	if k > 0 {
		i -= r.ends[k-1]
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	page, err := r.page(r.groups[k], i)
	if err != nil {
		return nil, err
	}
	value := page.value(i)
	if len(value) == 0 {
		return nil, errors.New("the row holds no image")
	}
	buf = pixel.Grow(&buf, min(limit, len(value)))
	copy(buf, value)
	return buf, nil
}

// page returns the page of a group that holds a row.
func (r *columnReader) page(g *columnGroup, row int) (*columnPage, error) {
	r.clock++
	g.used = r.clock
	at, found := slices.BinarySearchFunc(g.kept, row, func(p *columnPage, row int) int {
		switch {
		case p.first > row:
			return 1
		case p.first+len(p.ends) <= row:
			return -1
		}
		return 0
	})
	if found {
		g.kept[at].used = r.clock
		return g.kept[at], nil
	}
	if g.broken != nil && row >= g.brokenFrom {
		return nil, g.broken
	}
	if err := g.seek(row); err != nil {
		return nil, err
	}
	for {
		page, err := g.read()
		if err != nil {
			g.broken, g.brokenFrom = err, g.next
			return nil, err
		}
		page.used = r.clock
		r.keep(g, page)
		if row < g.next {
			return page, nil
		}
	}
}

// seek puts the cursor before a row: at its page where there is an index, or at
// the start if the cursor is past it.
func (g *columnGroup) seek(row int) error {
	if g.cursor == nil {
		g.cursor, g.next = g.chunk.Pages(), 0
	}
	index, err := g.chunk.OffsetIndex()
	if err != nil || index == nil {
		if row < g.next {
			g.next = 0
			return g.cursor.SeekToRow(0)
		}
		return nil
	}
	page := sort.Search(index.NumPages(), func(k int) bool { return index.FirstRowIndex(k) > int64(row) }) - 1
	if page < 0 {
		return fmt.Errorf("its index of pages lacks row %d", row)
	}
	first := int(index.FirstRowIndex(page))
	if first == g.next {
		return nil
	}
	g.next = first
	return g.cursor.SeekToRow(int64(first))
}

// read unpacks the next page.
func (g *columnGroup) read() (*columnPage, error) {
	packed, err := g.cursor.ReadPage()
	if isEOF(err) {
		return nil, errTruncated
	}
	if err != nil {
		return nil, err
	}
	defer parquet.Release(packed)
	page := &columnPage{first: g.next, bytes: make([]byte, 0, packed.Size())}
	err = eachOfPage(packed, func(v parquet.Value) error {
		if !v.IsNull() {
			page.bytes = append(page.bytes, v.ByteArray()...)
		}
		page.ends = append(page.ends, len(page.bytes))
		return nil
	})
	if err == nil && (len(page.ends) == 0 || g.next+len(page.ends) > g.rows) {
		err = fmt.Errorf("a page of %d rows after %d of %d", len(page.ends), g.next, g.rows)
	}
	if err != nil {
		return nil, err
	}
	g.next += len(page.ends)
	return page, nil
}

func (p *columnPage) value(row int) []byte {
	k, start := row-p.first, 0
	if k > 0 {
		start = p.ends[k-1]
	}
	return p.bytes[start:p.ends[k]]
}

// keep puts a page among those kept, in the place of those that were not used
// for longest.
func (r *columnReader) keep(g *columnGroup, page *columnPage) {
	at, there := slices.BinarySearchFunc(g.kept, page.first, func(p *columnPage, first int) int { return p.first - first })
	if there {
		r.kept -= cap(g.kept[at].bytes)
		g.kept[at] = page
	} else {
		g.kept = slices.Insert(g.kept, at, page)
	}
	r.kept += cap(page.bytes)
	for r.kept > keptBytes && r.dropOldest(page) {
	}
	r.closeCursors()
}

// dropOldest gives up the page used longest ago, but for the newest.
func (r *columnReader) dropOldest(newest *columnPage) bool {
	var in *columnGroup
	var oldest *columnPage
	for _, g := range r.groups {
		for _, p := range g.kept {
			if p != newest && (oldest == nil || p.used < oldest.used) {
				in, oldest = g, p
			}
		}
	}
	if oldest == nil {
		return false
	}
	in.kept = slices.DeleteFunc(in.kept, func(p *columnPage) bool { return p == oldest })
	r.kept -= cap(oldest.bytes)
	return true
}

// closeCursors ends the reading of groups that are done, and of those read
// longest ago where there are too many.
func (r *columnReader) closeCursors() {
	var open []*columnGroup
	for _, g := range r.groups {
		if g.cursor != nil {
			open = append(open, g)
		}
	}
	slices.SortFunc(open, func(a, b *columnGroup) int { return b.used - a.used })
	for k, g := range open {
		if k >= keptCursors || k > 0 && g.next >= g.rows {
			g.cursor.Close()
			g.cursor = nil
		}
	}
}

func (r *columnReader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.groups {
		if g.cursor != nil {
			g.cursor.Close()
			g.cursor = nil
		}
		g.kept = nil
	}
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }
