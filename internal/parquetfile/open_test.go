package parquetfile_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/prunefuse/prunefuse/internal/parquetfile"
)

func TestOpenRefusesAFooterLongerThanTheFile(t *testing.T) {
	var b bytes.Buffer
	if err := parquet.Write(&b, []struct{ ID string }{{"a"}, {"b"}}); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	f, err := parquetfile.Open(bytes.NewReader(whole), int64(len(whole)))
	if err != nil || f.NumRows() != 2 {
		t.Fatalf("the whole file: %v", err)
	}
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-5] = 0xff // the highest byte of the footer's length
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = parquetfile.Open(bytes.NewReader(damaged), int64(len(damaged)))
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "its footer claims") {
		t.Errorf("a damaged length gives %v", err)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
		t.Errorf("%d bytes were allocated for it", got)
	}
	for n := range len(whole) {
		if _, err := parquetfile.Open(bytes.NewReader(whole[:n]), int64(n)); err == nil {
			t.Errorf("the first %d of %d bytes are opened", n, len(whole))
		}
	}
}

// Whatever a damaged header claims, no room is made for it.
func TestCheckPages(t *testing.T) {
	var b bytes.Buffer
	type row struct {
		ID    string
		Score float64
	}
	rows := make([]row, 300)
	for i := range rows {
		rows[i] = row{string(rune('a' + i%26)), float64(i)}
	}
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	check := func(content []byte) error {
		in := bytes.NewReader(content)
		f, err := parquetfile.Open(in, int64(len(content)), parquet.SkipPageIndex(true))
		if err != nil {
			t.Fatal(err)
		}
		return parquetfile.CheckPages(in, int64(len(content)), f)
	}
	if err := check(whole); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	refused := 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for at := 4; at < 40; at++ { // in the first page's header
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0xff
		if check(damaged) != nil {
			refused++
		}
	}
	runtime.ReadMemStats(&after)
	if refused == 0 {
		t.Error("no damage to a header is seen")
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > 64<<20 {
		t.Errorf("%d bytes were allocated", got)
	}
}
