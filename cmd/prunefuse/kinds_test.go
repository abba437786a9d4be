package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/prunefuse/prunefuse/onnxio"
	"github.com/prunefuse/prunefuse/onnxio/onnxpb"
)

// A doubt is an input of one of the kinds that programs of this field get wrong in
// silence.
type doubt struct {
	kind  string
	model func(z zoo) string
	set   func(t *testing.T, z zoo) string
	codes []int    // those that are right
	words []string // of a note or of the refusal
}

func knowing(z zoo) string { return z.path("named.onnx") }

func animalsOf(_ *testing.T, z zoo) string { return z.path("all") }

// write puts a file into the zoo.
func (z zoo) write(t *testing.T, name, text string) string {
	t.Helper()
	path := z.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

var doubts = []doubt{
	{"1: a folder of splits", knowing, func(t *testing.T, z zoo) string {
		for _, split := range []string{"train", "Valid"} {
			for _, class := range []string{"cat", "dog", "eel"} {
				writeAnimal(t, z.path(filepath.Join("splits", split, class, "0.png")), class)
			}
		}
		return z.path("splits")
	}, []int{exitOK, exitFailed}, []string{"split"}},
	{"2: files of an unknown type", knowing, func(t *testing.T, z zoo) string {
		z.folder(t, "passed", "cat", "dog", "eel")
		z.write(t, "passed/cat/a.heic", "no image")
		return z.path("passed")
	}, []int{exitOK, exitFailed, exitSkipped}, []string{".heic"}},
	{"3: no column that names the images", knowing, func(t *testing.T, z zoo) string {
		return z.write(t, "columns.csv", "where,label\nall/cat/0.png,cat\nall/dog/0.png,dog\n")
	}, []int{exitFailed}, []string{"(where, label)"}},
	{"4: two classes in a cell", knowing, func(t *testing.T, z zoo) string {
		return z.write(t, "cells.csv", "path,label\nall/cat/0.png,cat\nall/dog/0.png,\"cat,dog\"\nall/eel/0.png,eel\n")
	}, []int{exitFailed}, []string{`"cat,dog"`}},
	{"6: a detector", func(z zoo) string { return z.path("detector.onnx") }, animalsOf, []int{exitFailed, exitOK}, []string{"[N,5,7]", "a classifier is expected"}},
}

// writeDetector writes a model of the zoo's images that gives 5 boxes of 7 values.
func (z zoo) writeDetector(t *testing.T) {
	t.Helper()
	m := newOddModel()
	m.pb.Graph = &onnxpb.GraphProto{Name: proto.String("g"), Input: []*onnxpb.ValueInfoProto{floats("x", 0, 3, 2, 2)}, Output: []*onnxpb.ValueInfoProto{floats("y", 0, 5, 7)}}
	var shape []byte
	for _, d := range []uint64{0, 5, 7} {
		shape = binary.LittleEndian.AppendUint64(shape, d)
	}
	m.weight("w", 12, 16).weight("v", 16, 35)
	m.pb.Graph.Initializer = append(m.pb.Graph.Initializer, &onnxpb.TensorProto{Name: proto.String("shape"), DataType: proto.Int32(int32(onnxio.Int64)), Dims: []int64{3}, RawData: shape})
	m.node("Flatten", "f", "x").node("MatMul", "h", "f", "w").node("Relu", "a", "h").node("MatMul", "b", "a", "v").node("Reshape", "y", "b", "shape")
	b, err := proto.Marshal(m.pb)
	if err != nil {
		t.Fatal(err)
	}
	z.write(t, "detector.onnx", string(b))
}

// Each place where data come in meets each kind: it is right and said, or refused in
// one line. TestEveryPlace holds the places against the flags of all commands; kind 5,
// statistics of one, is for training alone and in TestStatisticsOfOne.
func TestEveryPlaceMeetsEveryKind(t *testing.T) {
	z := newZoo(t)
	z.writeDetector(t)
	for _, d := range doubts {
		model, set := d.model(z), d.set(t, z)
		for _, p := range places {
			t.Run(d.kind+"/"+p.flag, func(t *testing.T) {
				code, stdout, stderr := runQuietly(p.args(z, model, set)...)
				if code == exitOK && p.flag == unlabelled {
					return // it looks at no labels, and needs no classes
				}
				right := false
				for _, c := range d.codes {
					right = right || c == code
				}
				if !right {
					t.Fatalf("code %d: %s", code, stderr)
				}
				for _, word := range d.words {
					if !strings.Contains(stdout+stderr, word) {
						t.Errorf("code %d, and nothing says %s:\n%s%s", code, word, stdout, stderr)
					}
				}
			})
		}
	}
}

// A last batch of one joins the one before it; batches of one are refused where
// BatchNormalization would see a single value a channel.
func TestStatisticsOfOne(t *testing.T) {
	z := newZoo(t)
	m := newOddModel()
	for _, name := range []string{"scale", "bias", "mean", "var"} {
		m.weight(name, 8)
	}
	m.between("BatchNormalization", "").pb.Graph.Node[1].Input = []string{"h", "scale", "bias", "mean", "var"}
	m.pb.Graph.Input[0] = floats("x", 0, 3, 2, 2)
	m.pb.Graph.Initializer[0].Name = proto.String("unused")
	m.weight("w0", 12, 8)
	m.pb.Graph.Node[0].Input = []string{"f", "w0"}
	m.pb.Graph.Node = append([]*onnxpb.NodeProto{{OpType: proto.String("Flatten"), Input: []string{"x"}, Output: []string{"f"}}}, m.pb.Graph.Node...)
	b, err := proto.Marshal(m.pb)
	if err != nil {
		t.Fatal(err)
	}
	model := z.write(t, "bn.onnx", string(b))
	for batch, want := range map[string]struct {
		code int
		word string
	}{
		"8": {exitOK, ""}, // of 9 images: one batch of 9
		"1": {exitFailed, "BatchNormalization"},
	} {
		code, _, stderr := runQuietly("train", model, "--data", z.path("all"), "--batch", batch, "--epochs", "1", "-o", z.path("t.onnx"), "-f")
		if code != want.code || !strings.Contains(stderr, want.word) {
			t.Errorf("batches of %s: code %d: %s", batch, code, stderr)
		}
	}
}
