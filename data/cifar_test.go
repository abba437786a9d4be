package data

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// cifarRecords returns a record per label list; pixels begin at 10 × its index.
func cifarRecords(labels ...[]byte) []byte {
	var out []byte
	for i, l := range labels {
		out = append(append(out, l...), ramp(3072, 10*i)...)
	}
	return out
}

func TestCIFAR10(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "data_batch_2.bin", cifarRecords([]byte{9}))
	put(t, dir, "data_batch_1.bin", cifarRecords([]byte{3}, []byte{7}))
	put(t, dir, "test_batch.bin", cifarRecords([]byte{1}))
	set := mustOpen(t, dir, Options{})
	if set.Len() != 3 || !set.Shape().Equal(Shape{3, 32, 32}) || len(set.Classes()) != 10 {
		t.Fatalf("%d samples of %v in %d classes", set.Len(), set.Shape(), len(set.Classes()))
	}
	for i, want := range []struct {
		id    string
		label int
		from  int
	}{{"data_batch_1/0", 3, 0}, {"data_batch_1/1", 7, 10}, {"data_batch_2/0", 9, 0}} {
		if set.ID(i) != want.id || set.Label(i) != want.label {
			t.Errorf("sample %d: %s, label %d", i, set.ID(i), set.Label(i))
		}
		wantBytes(t, set, i, ramp(3072, want.from))
	}
	if test := mustOpen(t, dir+":test", Options{}); test.Len() != 1 || test.Label(0) != 1 {
		t.Errorf("test: %d samples", test.Len())
	}
}

func TestCIFAR100(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "train.bin", cifarRecords([]byte{19, 99}, []byte{0, 5}))
	set := mustOpen(t, dir, Options{})
	if set.Len() != 2 || set.Label(0) != 99 || set.Label(1) != 5 || set.Classes() != nil {
		t.Errorf("%d samples, labels %d, %d", set.Len(), set.Label(0), set.Label(1))
	}
	wantBytes(t, set, 1, ramp(3072, 10))
	var names strings.Builder
	for i := range 100 {
		fmt.Fprintf(&names, "class_%d\n", i)
	}
	put(t, dir, "fine_label_names.txt", []byte(names.String()))
	if set := mustOpen(t, filepath.Join(dir, "train.bin"), Options{}); len(set.Classes()) != 100 || set.Classes()[99] != "class_99" {
		t.Errorf("classes %v", set.Classes())
	}
}

func FuzzCIFAR(f *testing.F) {
	f.Add(cifarRecords([]byte{3}), uint16(0))
	f.Add(cifarRecords([]byte{3, 4}), uint16(0))
	f.Add([]byte{9}, uint16(3072))
	f.Add([]byte{19, 99}, uint16(3072))
	f.Fuzz(func(t *testing.T, content []byte, zeros uint16) {
		content = append(content, make([]byte, zeros)...)
		set, err := newCIFARSet(bytes.NewReader(content), int64(len(content)), "fuzz.bin")
		if err != nil {
			return
		}
		for i := range set.Len() {
			mustRead(t, set, i)
			if l := set.Label(i); l < 0 || l >= cifar100Fine {
				t.Fatalf("label %d", l)
			}
		}
	})
}
