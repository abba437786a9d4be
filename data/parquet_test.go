package data

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// hfImage is a column of images as Hugging Face's datasets have it.
type hfImage struct {
	Bytes []byte `parquet:"bytes,optional"`
	Path  string `parquet:"path,optional"`
}

type hfRow struct {
	Image hfImage `parquet:"image,optional"`
	Label int64   `parquet:"label"`
	Kind  string  `parquet:"kind"`
}

// parquetBytes holds n grey images of one pixel whose value is their row, in row
// groups of a number of rows.
func parquetBytes(t testing.TB, n, group int) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[hfRow](&b, parquet.MaxRowsPerRowGroup(int64(group)), parquet.PageBufferSize(400), parquet.Compression(&parquet.Snappy))
	for i := range n {
		row := hfRow{hfImage{onePixel(t, byte(i)), "x.png"}, int64(i % 7), fmt.Sprintf("kind %d", i%2)}
		if _, err := w.Write([]hfRow{row}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A file that another writer made: nulls, classes with names, dictionaries, no
// index of pages.
func TestParquetOfOthers(t *testing.T) {
	t.Parallel()
	set := mustOpen(t, "testdata/huggingface.parquet", Options{})
	if set.Len() != 40 || !slices.Equal(set.Classes(), []string{"ant", "bee", "cat"}) || !set.Shape().Equal(Shape{1, 1, 1}) {
		t.Fatalf("%d samples of %v in the classes %q", set.Len(), set.Shape(), set.Classes())
	}
	// Forward, then here and there.
	order := append(rand.New(rand.NewPCG(1, 2)).Perm(40), 0, 39, 0, 17)
	for i := range 40 {
		order = slices.Insert(order, i, i)
	}
	for _, i := range order {
		label := i % 3
		if i%5 == 4 {
			label = -1
		}
		if want := fmt.Sprintf("huggingface/%d", i); set.ID(i) != want || set.Label(i) != label {
			t.Errorf("sample %d: %s with label %d, want %s with %d", i, set.ID(i), set.Label(i), want, label)
		}
		if i == 33 {
			wantError(t, set.Read(i, make([]float32, 1)), "huggingface/33", "holds no image")
			continue
		}
		wantBytes(t, set, i, []byte{byte(i)})
	}
	named := mustOpen(t, "testdata/huggingface.parquet", Options{IDColumn: "key", LabelColumn: "key"})
	if named.ID(3) != "k3" || named.Label(3) != slices.Index(named.Classes(), "k3") {
		t.Errorf("ID %s, label %d of %q", named.ID(3), named.Label(3), named.Classes())
	}
}

func TestParquetFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, "README.md", []byte("a data set"))
	put(t, dir, "data/train-00000-of-00002.parquet", parquetBytes(t, 50, 20))
	put(t, dir, "data/train-00001-of-00002.parquet", parquetBytes(t, 30, 20))
	put(t, dir, "data/test-00000-of-00001.parquet", parquetBytes(t, 9, 20))
	for spec, want := range map[string]int{
		"":                      80,
		":train":                80,
		":test":                 9,
		"/data/train-*.parquet": 80,
		"/data/train-{00000..00001}-of-00002.parquet": 80,
		"/data/test-00000-of-00001.parquet":           9,
	} {
		set := mustOpen(t, dir+spec, Options{})
		if set.Len() != want {
			t.Errorf("%s: %d samples, want %d", spec, set.Len(), want)
		}
	}
	set := mustOpen(t, dir, Options{LabelColumn: "kind"})
	if id := set.ID(53); id != "train-00001-of-00002/3" || set.Label(53) != 1 || set.Classes()[1] != "kind 1" {
		t.Errorf("ID %s, label %d of %q", id, set.Label(53), set.Classes())
	}
	wantBytes(t, set, 53, []byte{3})

	// Several readers go over it side by side.
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := k; i < 80; i += 4 {
				dst := make([]float32, 1)
				if err := set.Read(i, dst); err != nil || dst[0] != unit[i%50] {
					t.Errorf("sample %d: %v, %v", i, dst, err)
				}
			}
		})
	}
	wg.Wait()
}

// Files of one set that differ: labels are there or not, numbers or texts.
func TestParquetLabelKinds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, rows any) {
		t.Helper()
		var b bytes.Buffer
		var err error
		switch rows := rows.(type) {
		case []unlabelled:
			err = parquet.Write(&b, rows)
		case []numbered:
			err = parquet.Write(&b, rows)
		case []named:
			err = parquet.Write(&b, rows)
		}
		if err != nil {
			t.Fatal(err)
		}
		put(t, dir, name, b.Bytes())
	}
	image := hfImage{Bytes: onePixel(t, 5)}
	write("n/0.parquet", []unlabelled{{image}, {image}})
	write("n/1.parquet", []numbered{{image, 4}})
	write("n/2.parquet", []unlabelled{{image}})
	wantSamples(t, mustOpen(t, filepath.Join(dir, "n"), Options{}), nil,
		wantSample{"0/0", -1, 5}, wantSample{"0/1", -1, 5}, wantSample{"1/0", 4, 5}, wantSample{"2/0", -1, 5})
	write("t/0.parquet", []unlabelled{{image}})
	write("t/1.parquet", []named{{image, "b"}, {image, "a"}})
	wantSamples(t, mustOpen(t, filepath.Join(dir, "t"), Options{}), []string{"a", "b"},
		wantSample{"0/0", -1, 5}, wantSample{"1/0", 1, 5}, wantSample{"1/1", 0, 5})
	write("m/0.parquet", []numbered{{image, 4}})
	write("m/1.parquet", []named{{image, "b"}})
	_, err := Open(filepath.Join(dir, "m"), Options{})
	wantError(t, err, "1.parquet", "numbers in one file and texts in another")
}

type unlabelled struct {
	Image hfImage `parquet:"image"`
}

type numbered struct {
	Image hfImage `parquet:"image"`
	Label int32   `parquet:"label"`
}

type named struct {
	Image hfImage `parquet:"image"`
	Label string  `parquet:"label"`
}

// What is kept of the pages is bounded, and what was dropped is read again.
func TestParquetForgets(t *testing.T) {
	t.Parallel()
	path := put(t, t.TempDir(), "x.parquet", parquetBytes(t, 200, 50))
	r := &mustOpen(t, path, Options{}).(*imageSet).imageSource.(*parquetImages).values
	read := func(i int) {
		t.Helper()
		b, err := r.read(i, maxEncoded, nil)
		if err != nil || !bytes.Equal(b, onePixel(t, byte(i))) {
			t.Fatalf("value %d: %v", i, err)
		}
	}
	read(0)
	read(199)
	for r.dropOldest(nil) {
	}
	if r.kept != 0 {
		t.Errorf("%d bytes are counted of nothing", r.kept)
	}
	for _, i := range []int{10, 0, 199, 60, 55} {
		read(i)
	}
}

func TestParquetErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := parquetBytes(t, 50, 20)
	good := put(t, dir, "x.parquet", whole)
	for _, c := range []struct {
		path string
		opts Options
		want []string
	}{
		{put(t, dir, "cut.parquet", whole[:len(whole)/2]), Options{}, []string{"cut short"}},
		{put(t, dir, "tiny.parquet", whole[:6]), Options{}, []string{"cut short"}},
		{put(t, dir, "text.parquet", []byte("some text")), Options{}, []string{"Parquet"}},
		{good, Options{LabelColumn: "label2"}, []string{"(image, label, kind)", "named label2"}},
		{good, Options{LabelColumn: "image"}, []string{"column image", "more than one value"}},
		{good, Options{PathColumn: "kind2"}, []string{"named kind2", "images"}},
		{good, Options{IDColumn: "kind"}, []string{"samples 0 and 2", "kind 0"}},
	} {
		_, err := Open(c.path, c.opts)
		wantError(t, err, append(c.want, c.path)...)
	}
	set := mustOpen(t, good, Options{PathColumn: "kind", Size: [2]int{1, 1}, Color: "grey"})
	wantError(t, set.Read(0, make([]float32, 1)), "x/0", "unknown format")
}

// A damaged file gives errors, and never a panic.
func TestParquetDamaged(t *testing.T) {
	t.Parallel()
	whole, err := os.ReadFile("testdata/huggingface.parquet")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.parquet")
	for at := 4; at < len(whole); at += 17 {
		content := bytes.Clone(whole)
		content[at] ^= 0x55
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := Open(path, Options{Size: [2]int{1, 1}, Color: "grey"})
		if err != nil {
			wantError(t, err, path)
			continue
		}
		for i := range min(set.Len(), 50) {
			if err := set.Read(i, make([]float32, 1)); err != nil {
				wantError(t, err, "read image "+set.ID(i))
			}
		}
		if err := Close(set); err != nil {
			t.Error(err)
		}
	}
}
