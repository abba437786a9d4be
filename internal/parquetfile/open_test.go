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
