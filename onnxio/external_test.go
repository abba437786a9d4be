package onnxio

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// externalModel is branchProto with its initializer w, two floats, outside.
func externalModel(t *testing.T, dir string, entries ...string) string {
	t.Helper()
	pb := branchProto()
	w := bareTensor(pb.Graph.Initializer[0])
	w.DataLocation = onnxpb.TensorProto_EXTERNAL.Enum()
	for i := 0; i < len(entries); i += 2 {
		w.ExternalData = append(w.ExternalData, &onnxpb.StringStringEntryProto{Key: &entries[i], Value: &entries[i+1]})
	}
	pb.Graph.Initializer[0] = w
	path := filepath.Join(dir, "model.onnx")
	put(t, path, encode(t, pb))
	return path
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestExternalRead(t *testing.T) {
	t.Parallel()
	bytes16 := le([]float32{1, 2, 3, 4})
	for _, tc := range []struct {
		entries []string
		want    []float32
	}{
		{[]string{"location", "w.bin"}, []float32{1, 2}},
		{[]string{"location", "w.bin", "length", "8"}, []float32{1, 2}},
		{[]string{"offset", "8", "length", "8", "location", "w.bin"}, []float32{3, 4}},
		{[]string{"location", "w.bin", "offset", "4", "checksum", "da39a3ee"}, []float32{2, 3}},
		{[]string{"location", "sub/deep/w.bin"}, []float32{1, 2}},
		{[]string{"location", "sub/../w.bin"}, []float32{1, 2}},
	} {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "w.bin"), bytes16)
		put(t, filepath.Join(dir, "sub/deep/w.bin"), bytes16)
		m, err := Load(externalModel(t, dir, tc.entries...))
		if err != nil {
			t.Errorf("%v: %v", tc.entries, err)
			continue
		}
		if got, err := m.Graph.Initializer("w").Floats(); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%v: %v, %v, want %v", tc.entries, got, err, tc.want)
		}
		if got, err := m.Graph.Initializer("w").Renamed("v").Floats(); err != nil || !slices.Equal(got, tc.want) {
			t.Errorf("%v renamed: %v, %v", tc.entries, got, err)
		}
		inline := parse(t, marshal(t, m))
		if fingerprint(t, inline) != fingerprint(t, m) {
			t.Errorf("%v: differs once inside the model", tc.entries)
		}
	}
}

func TestExternalLocationsRefused(t *testing.T) {
	t.Parallel()
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	put(t, filepath.Join(outer, "secret.bin"), make([]byte, 8))
	for _, tc := range []struct {
		want    string
		entries []string
	}{
		{"names no location", nil},
		{"names no location", []string{"location", "", "offset", "0"}},
		{`external data at "../secret.bin" lies outside the model's folder; refused`, []string{"location", "../secret.bin"}},
		{"lies outside", []string{"location", "sub/../../secret.bin"}},
		{"lies outside", []string{"location", filepath.Join(outer, "secret.bin")}},
		{"lies outside", []string{"location", "w.bin", "location", ".."}},
		{`external offset "-1" is not a byte count`, []string{"location", "w.bin", "offset", "-1"}},
		{`external length "-1" is not a byte count`, []string{"location", "w.bin", "length", "-1"}},
		{`external length "many" is not a byte count`, []string{"location", "w.bin", "length", "many"}},
		{`external offset "9223372036854775808" is not a byte count`, []string{"location", "w.bin", "offset", "9223372036854775808"}},
	} {
		path := externalModel(t, dir, tc.entries...)
		_, err := Load(path)
		if err == nil || !strings.HasPrefix(err.Error(), "load "+path+`: tensor "w": `) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%v: error %v, want %q", tc.entries, err, tc.want)
		}
	}
}

func TestExternalReadFails(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	outer := t.TempDir()
	dir := filepath.Join(outer, "model")
	put(t, filepath.Join(outer, "secret.bin"), make([]byte, 8))
	put(t, filepath.Join(dir, "w.bin"), make([]byte, 12))
	put(t, filepath.Join(dir, "folder/w.bin"), make([]byte, 4096))
	for link, target := range map[string]string{"link.bin": "../secret.bin", "link": "..", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		want    string
		entries []string
	}{
		{"open external data gone.bin: no such file or directory", []string{"location", "gone.bin"}},
		{"external data w.bin holds 12 bytes, want 8", []string{"location", "w.bin", "length", "12"}},
		{"external data w.bin ends at byte 12, want 8 from 5", []string{"location", "w.bin", "offset", "5"}},
		{"external data w.bin ends at byte 12, want 8 from 9223372036854775807", []string{"location", "w.bin", "offset", "9223372036854775807"}},
		{"external data folder is not a file", []string{"location", "folder"}},
		{"external data . is not a file", []string{"location", "."}},
		{"open external data link.bin: path escapes from parent", []string{"location", "link.bin"}},
		{"open external data link/secret.bin: path escapes from parent", []string{"location", "link/secret.bin"}},
		{"open external data loop: too many levels of symbolic links", []string{"location", "loop"}},
	} {
		m, err := Load(externalModel(t, dir, tc.entries...))
		if err != nil {
			t.Errorf("%v: %v", tc.entries, err)
			continue
		}
		want := `read tensor "w": ` + tc.want
		if _, err := m.Graph.Initializer("w").Bytes(); err == nil || err.Error() != want {
			t.Errorf("%v: error %v, want %s", tc.entries, err, want)
		}
		for what, call := range map[string]func() error{
			"Marshal":     func() error { _, err := m.Marshal(); return err },
			"Fingerprint": func() error { _, err := m.Fingerprint(); return err },
			"Save":        func() error { return m.Save(filepath.Join(outer, "out.onnx"), SaveOptions{}) },
			"external Save": func() error {
				return m.Save(filepath.Join(outer, "out.onnx"), SaveOptions{External: true, ExternalMin: 1})
			},
			"Apply": func() error {
				p := m.Graph.Edit()
				p.Add(NodeSpec{Op: "Constant", Outputs: []string{"k"}, Attrs: []Attr{TensorValue("value", m.Graph.Initializer("w"))}})
				return p.Apply()
			},
			"SetAttr": func() error {
				p := m.Graph.Edit()
				p.SetAttr(m.Graph.Nodes()[0], TensorValue("value", m.Graph.Initializer("w")))
				return p.Apply()
			},
		} {
			if err := call(); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v: %s gives %v, want %s", tc.entries, what, err, want)
			}
		}
		if text := text(t, m); !strings.Contains(text, "var w: float32[2]#?") {
			t.Errorf("text form %s", text)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(outer, "*out*")); len(left) > 0 {
		t.Errorf("failed saves left %v", left)
	}
}

// TestExternalTensorInAttribute: an attribute cannot point outside the file.
func TestExternalTensorInAttribute(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "w.bin"), le([]float32{1, 2}))
	m, err := Load(externalModel(t, dir, "location", "w.bin"))
	if err != nil {
		t.Fatal(err)
	}
	p := m.Graph.Edit()
	p.Add(NodeSpec{Op: "Constant", Outputs: []string{"k"}, Attrs: []Attr{TensorValue("value", m.Graph.Initializer("w"))}})
	apply(t, p)
	k, _ := parse(t, marshal(t, m)).Graph.Constant("k")
	if got, err := k.Floats(); err != nil || !slices.Equal(got, []float32{1, 2}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestExternalWrite(t *testing.T) {
	t.Parallel()
	want := smallNet(t)
	p := want.Graph.Edit()
	labels := &onnxpb.TensorProto{Name: proto.String("labels"), DataType: String.proto(), Dims: []int64{1}, StringData: [][]byte{bytes.Repeat([]byte("a"), 5000)}}
	p.SetInitializer(&Tensor{pb: labels})
	p.SetInitializer(NewTensor("none", []int64{0}, []float32{}))
	apply(t, p)
	for _, tc := range []struct {
		min     int64
		outside []string
	}{
		{0, nil},
		{-1, []string{"conv1.weight", "conv1.bias", "conv2.weight", "fc.weight", "fc.bias", "none"}},
		{1, []string{"conv1.weight", "conv1.bias", "conv2.weight", "fc.weight", "fc.bias"}},
		{100, []string{"conv1.weight", "conv2.weight"}},
	} {
		t.Run(fmt.Sprint("min ", tc.min), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "net.onnx")
			if err := want.Save(path, SaveOptions{External: true, ExternalMin: tc.min}); err != nil {
				t.Fatal(err)
			}
			if got := listing(t, dir); !slices.Equal(got, []string{"net.onnx", "net.onnx.data"}) {
				t.Errorf("folder holds %v", got)
			}
			m, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			var outside []string
			for _, x := range m.Graph.Initializers() {
				if e, ok := x.src.(*external); ok {
					outside = append(outside, x.Name())
					if e.offset%externalAlign != 0 || e.location != "net.onnx.data" {
						t.Errorf("%q lies at %s:%d", x.Name(), e.location, e.offset)
					}
				}
			}
			if !slices.Equal(outside, tc.outside) {
				t.Errorf("outside are %v, want %v", outside, tc.outside)
			}
			if !bytes.Equal(withoutForm(t, m), withoutForm(t, want)) {
				t.Error("the model differs after the round trip")
			}
		})
	}
}

// withoutForm returns the model's bytes with every tensor inside and raw.
func withoutForm(t *testing.T, m *Model) []byte {
	return marshal(t, parse(t, marshal(t, m)))
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestSaveOverOwnData saves a changed clone over the file that the original
// reads its tensors from.
func TestSaveOverOwnData(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "net.onnx")
	outside := SaveOptions{External: true, ExternalMin: 1}
	if err := smallNet(t).Save(path, outside); err != nil {
		t.Fatal(err)
	}
	old, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	clone := old.Clone()
	p := clone.Graph.Edit()
	p.SetInitializer(ramp("conv1.bias", 2048, 2)) // moves every tensor behind it
	apply(t, p)
	want := fingerprint(t, clone)
	if err := clone.Save(path, outside); err != nil {
		t.Fatal(err)
	}
	again, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if fingerprint(t, again) != want {
		t.Error("the saved clone differs")
	}
	if _, err := old.Fingerprint(); err == nil || !strings.Contains(err.Error(), "net.onnx.data was replaced since the model was loaded; load it again") {
		t.Errorf("the original reads the clone's data: %v", err)
	}
}

func TestTooLargeForOneFile(t *testing.T) {
	t.Parallel()
	m := smallNet(t)
	raw := make([]byte, 1<<30) // never touched, so it takes no memory
	p := m.Graph.Edit()
	for _, name := range []string{"a", "b"} {
		p.SetInitializer(RawTensor(name, Uint8, []int64{1 << 30}, raw))
	}
	apply(t, p)
	path := filepath.Join(t.TempDir(), "net.onnx")
	if err := m.Save(path, SaveOptions{}); !errors.Is(err, ErrTooLarge) || !strings.HasPrefix(err.Error(), "save "+path+": ") {
		t.Errorf("error %v", err)
	}
}

func TestSaveErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := smallNet(t)
	for _, o := range []SaveOptions{{}, {External: true}} {
		path := filepath.Join(dir, "gone", "net.onnx")
		if err := m.Save(path, o); err == nil || err.Error() != "save "+path+": no such file or directory" {
			t.Errorf("error %v", err)
		}
		path = filepath.Join(dir, "folder")
		put(t, filepath.Join(path, "x"), nil)
		if err := m.Save(path, o); err == nil || !strings.HasPrefix(err.Error(), "save "+path+": ") {
			t.Errorf("error %v", err)
		}
	}
	if got := listing(t, dir); !slices.Equal(got, []string{"folder"}) {
		t.Errorf("failed saves left %v", got)
	}
}
