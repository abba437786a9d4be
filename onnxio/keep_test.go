package onnxio

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// TestSaveKeepsOthersData: a data file that another model may read is not
// replaced; a model's own is.
func TestSaveKeepsOthersData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "b.onnx.data"), make([]byte, 8))
	path := externalModel(t, dir, "location", "b.onnx.data")
	m, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	external := SaveOptions{External: true, ExternalMin: 1}
	for _, out := range []string{"b.onnx", "b.onnx.data"} {
		if err := m.Save(filepath.Join(dir, out), external); err == nil || !strings.Contains(err.Error(), "choose another name") {
			t.Errorf("saved over %s: %v", out, err)
		}
	}
	if err := m.Save(filepath.Join(dir, "c.onnx"), external); err != nil {
		t.Fatal(err)
	}
	c, err := Load(filepath.Join(dir, "c.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Save(filepath.Join(dir, "c.onnx"), external); err != nil {
		t.Errorf("a model over itself: %v", err)
	}
	if err := m.Save(filepath.Join(dir, "c.onnx"), external); err != nil {
		t.Errorf("a model over another with its own data: %v", err)
	}
	if m, err = Load(path); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Graph.Initializer("w").Bytes(); err != nil {
		t.Errorf("the weights of the other model: %v", err)
	}
}

// TestLinkedModel reads a model whose files are links into one folder, as in the
// cache of the Hugging Face hub, but no file outside that.
func TestLinkedModel(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs symbolic links")
	}
	outer := t.TempDir()
	blobs, snapshot := filepath.Join(outer, "blobs"), filepath.Join(outer, "snapshots", "1")
	put(t, filepath.Join(blobs, "data"), make([]byte, 8))
	put(t, filepath.Join(outer, "secret"), make([]byte, 8))
	if err := os.MkdirAll(snapshot, 0o755); err != nil {
		t.Fatal(err)
	}
	made := externalModel(t, outer, "location", "w.bin")
	if err := os.Rename(made, filepath.Join(blobs, "model")); err != nil {
		t.Fatal(err)
	}
	link := func(target, name string) {
		os.Remove(filepath.Join(snapshot, name))
		if err := os.Symlink(target, filepath.Join(snapshot, name)); err != nil {
			t.Fatal(err)
		}
	}
	read := func() error {
		m, err := Load(filepath.Join(snapshot, "model.onnx"))
		if err != nil {
			return err
		}
		_, err = m.Graph.Initializer("w").Bytes()
		return err
	}
	link("../../blobs/model", "model.onnx")
	link("../../blobs/data", "w.bin")
	if err := read(); err != nil {
		t.Error(err)
	}
	link("../../secret", "w.bin")
	if err := read(); err == nil || !strings.Contains(err.Error(), "path escapes from parent") {
		t.Errorf("a link out of both folders: %v", err)
	}
}

// TestNotesOfWeightsSurvive: a weight that is cut or replaced keeps its doc
// string and metadata.
func TestNotesOfWeightsSurvive(t *testing.T) {
	t.Parallel()
	kv := &onnxpb.StringStringEntryProto{Key: proto.String("k"), Value: proto.String("v")}
	w := NewTensor("w", []int64{3}, []float32{1, 2, 3})
	w.pb.DocString, w.pb.MetadataProps = proto.String("of note"), []*onnxpb.StringStringEntryProto{kv}
	cut, err := w.Take(0, []int{0, 2})
	if err != nil {
		t.Fatal(err)
	}
	m := New("notes")
	for _, next := range []*Tensor{w, NewTensor("w", []int64{3}, []float32{4, 5, 6}), cut} {
		p := m.Graph.Edit()
		p.SetInitializer(next)
		if err := p.Apply(); err != nil {
			t.Fatal(err)
		}
		got := m.Graph.Initializer("w")
		if got.pb.GetDocString() != "of note" || len(got.pb.GetMetadataProps()) != 1 || got.Dim(0) != next.Dim(0) {
			t.Errorf("%v has lost its notes", got.pb)
		}
	}
}
