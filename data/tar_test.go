package data

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

type tarFile struct {
	name    string
	content []byte
}

func tarBytes(t testing.TB, files ...tarFile) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		h := &tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.content)), Typeflag: tar.TypeReg}
		if f.content == nil {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pixel is a grey PNG of one pixel.
func onePixel(t testing.TB, v byte) []byte { return pngBytes(t, greyImage(1, 1, v)) }

func TestTar(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	long := string(bytes.Repeat([]byte("long/"), 50)) + "name" // in a header of its own
	put(t, dir, "a.tar", tarBytes(t,
		tarFile{"d/", nil},
		tarFile{"./d/0.seg.png", onePixel(t, 9)}, tarFile{"d/0.PNG", onePixel(t, 1)}, tarFile{"d/0.cls", []byte("7\n")},
		tarFile{"d/1.json", []byte(`{"label": 3}`)}, tarFile{"d/1.png", onePixel(t, 2)},
		tarFile{"d/.hidden.png", onePixel(t, 9)}, tarFile{"d/2.txt", []byte("no image")},
		tarFile{long + ".png", onePixel(t, 3)},
	))
	set := mustOpen(t, filepath.Join(dir, "a.tar"), Options{})
	wantSamples(t, set, nil, wantSample{"a/d/0", 7, 1}, wantSample{"a/d/1", 3, 2}, wantSample{"a/" + long, -1, 3})
}

func TestTarShards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 3 {
		put(t, dir, fmt.Sprintf("s/x-%02d.tar", i), tarBytes(t,
			tarFile{"k.png", onePixel(t, byte(i))}, tarFile{"k.json", fmt.Appendf(nil, `{"kind": "c%d"}`, 2-i)},
		))
	}
	want := []wantSample{{"x-00/k", 2, 0}, {"x-01/k", 1, 1}, {"x-02/k", 0, 2}}
	for _, spec := range []string{"s/x-{00..02}.tar", "s/x-0{0,1,2}.tar", "s/*.tar", "s"} {
		set := mustOpen(t, filepath.Join(dir, spec), Options{LabelColumn: "kind"})
		wantSamples(t, set, []string{"c0", "c1", "c2"}, want...)
	}
	_, err := Open(filepath.Join(dir, "s/x-{01..03}.tar"), Options{})
	wantError(t, err, "x-03.tar", "no such file")
	_, err = Open(filepath.Join(dir, "s/y-*.tar"), Options{})
	wantError(t, err, "no file is named")
	_, err = Open(filepath.Join(dir, "s"), Options{LabelColumn: "none"})
	wantError(t, err, "field named none")
}

// An archive that is cut anywhere gives the samples before the cut, and names
// the one that was hit or says after which the rest is lost.
func TestTarCutShort(t *testing.T) {
	t.Parallel()
	files := []tarFile{{"0.png", onePixel(t, 0)}, {"1.png", onePixel(t, 1)}, {"1.cls", []byte("1")}, {"2.png", onePixel(t, 2)}}
	whole := tarBytes(t, files...)
	path := filepath.Join(t.TempDir(), "x.tar")
	for cut := 1; cut < len(whole); cut += 97 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		set, err := Open(path, Options{Size: [2]int{1, 1}, Color: "grey"})
		if err != nil {
			if cut >= 1024 {
				t.Errorf("cut at %d: %v", cut, err)
			}
			continue
		}
		good, lost := 0, 0
		for i := range set.Len() {
			switch err := set.Read(i, make([]float32, 1)); {
			case err == nil && lost == 0:
				wantBytes(t, set, i, []byte{byte(i)})
				good++
			case err == nil:
				t.Errorf("cut at %d: sample %d after what is lost", cut, i)
			default:
				wantError(t, err, "read image x/", "cut short", "lost")
				lost++
			}
		}
		if want := cut > len(whole)-1024; lost != 1 && !want {
			t.Errorf("cut at %d: %d samples good and %d lost", cut, good, lost)
		}
		if err := Close(set); err != nil {
			t.Error(err)
		}
	}
}

func TestTarErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty.tar":    {nil, "the file is empty"},
		"text.tar":     {bytes.Repeat([]byte("text "), 300), "no tar archive"},
		"none.tar":     {tarBytes(t, tarFile{"a.txt", []byte("a")}), "holds no images"},
		"twice.tar":    {tarBytes(t, tarFile{"a.png", onePixel(t, 1)}, tarFile{"b.png", onePixel(t, 1)}, tarFile{"a.png", onePixel(t, 1)}), `"twice/a"`},
		"packed.tgz":   {gzipped(t, tarBytes(t)), "gunzip"},
		"packed.tar.z": {[]byte("x"), "unpack it first"},
	} {
		_, err := Open(put(t, dir, name, c.content), Options{})
		wantError(t, err, name, c.want)
	}
	set := mustOpen(t, put(t, dir, "zero.tar", tarBytes(t, tarFile{"a.png", onePixel(t, 1)}, tarFile{"b.png", []byte{}})), Options{})
	wantError(t, set.Read(1, make([]float32, 1)), "zero/b", "the file is empty")
}

// More shards than are kept open at a time.
func TestManyShards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const n = maxOpen + 6
	for i := range n {
		put(t, dir, fmt.Sprintf("%03d.tar", i), tarBytes(t, tarFile{"k.png", onePixel(t, byte(i))}))
	}
	set := mustOpen(t, filepath.Join(dir, "{000..069}.tar"), Options{})
	for range 2 {
		for i := range n {
			wantBytes(t, set, i, []byte{byte(i)})
		}
	}
	if open := len(set.(*imageSet).imageSource.(*tarShards).files.open); open > maxOpen {
		t.Errorf("%d files are open", open)
	}
}

func TestExpandPattern(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][]string{
		"x":                   {"x"},
		"x-{8..11}":           {"x-8", "x-9", "x-10", "x-11"},
		"x-{08..10}.tar":      {"x-08.tar", "x-09.tar", "x-10.tar"},
		"{a,b}-{0..1}":        {"a-0", "a-1", "b-0", "b-1"},
		"{0..3":               nil,
		"{3..0}":              nil,
		"{a..c}":              nil,
		"{0..999999999}":      nil,
		"{0..2000}{0..2000}x": nil,
	} {
		got, err := expandPattern(pattern)
		if want == nil && err == nil || want != nil && !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", pattern, got, err, want)
		}
	}
}

func FuzzTar(f *testing.F) {
	whole := tarBytes(f, tarFile{"a.png", onePixel(f, 1)}, tarFile{"a.cls", []byte("1")}, tarFile{"b.json", []byte(`{"label": "x"}`)}, tarFile{"b.jpg", []byte("?")})
	f.Add(whole)
	f.Add(whole[:1700])
	f.Fuzz(func(t *testing.T, content []byte) {
		var texts labelTexts
		s := &tarShards{listing: listing{ids: new(names)}, faults: map[int]error{}}
		x := newTarIndex(s, &texts, "x.tar", Options{})
		if err := x.archive(bytes.NewReader(content), int64(len(content))); err != nil {
			return
		}
		for i := range s.Len() {
			if s.faults[i] == nil && (s.offsets[i] < 0 || s.offsets[i]+s.sizes[i] > int64(len(content))) {
				t.Errorf("sample %d lies outside", i)
			}
		}
	})
}
